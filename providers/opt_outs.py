"""Hears in an agent's answers that the person wants no more calls, in any vendor's shape: certainly, or maybe. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from providers.opt_out_words import (
    BEFORE_YES,
    DENIED_AFTER,
    DENIED_BEFORE,
    HEDGE,
    HINT,
    LIMITED_AFTER,
    MAY_CALL,
    NO,
    ONLY_HINTS,
    OTHER_MEANING,
    WISH,
    YES,
    YES_ALONE,
    plain,
    readings,
)
from providers.parsing import unpacked

MOST_VALUES = 20_000
"""Values of one call's answers that are searched for an opt-out."""
MOST_WORDS = 12
"""Words of an answer under a name that does not ask for it (a disposition) that may still be a certain opt-out: a
summary is longer, and may speak of the do-not-call list without anybody's wish."""
MOST_SAID = 200
"""Characters of what was heard that are kept for the person who decides."""

_NAMING = frozenset({"name", "question", "label", "key", "field", "title", "id", "parameter", "variable", "slug"})
_ABOUT_ANSWER = re.compile(
    r"(?:reasoning|confidence|validation|is|has)(?: .*)?|questions?|prompts?|descriptions?|options|choices|conditions?"
)
"""Names of what is told about an answer and is none itself, such as how sure the model is of it."""
_ABOUT_WISH = re.compile(
    r"type|version|score|probability|weight|index|count|order|required|enabled|configured|model|source|attempts?|at|"
    r"timestamp|language|id|turn"
)
"""Further such names within an answer about the opt-out: no 1 and no true among them is a yes."""
_DIGITS = re.compile(r"\d(?:[ ().-]?\d){6,}")


class HeardOptOut(TypedDict):
    """The fields of a `CallSnapshot` that tell of an opt-out."""

    do_not_call: bool
    unclear_opt_out: str


class _Value(NamedTuple):
    """One value among the answers, and what its place says of it."""

    value: object
    name: str = ""
    is_asked: bool = False
    """Whether it answers the question for the opt-out."""
    is_permission: bool = False
    """Whether it answers whether the person may be called."""
    is_denied: bool = False
    """Whether another part of the same answer says no."""


def heard_in(answers: object) -> HeardOptOut:
    """Return whether answers say, in any shape and at any depth, that the person wants no more calls.

    Certain are a yes under a name that asks for it (`do_not_call`, "Opted out?", also as `{"name": ..., "value": ...}`)
    and a short answer that names the opt-out itself, such as the dispositions "Not Interested - DNC" and
    "DO_NOT_DISTURB". Unclear are a maybe, an opt-out that is limited to a time or asked as a question, one that a long
    text speaks of, hints such as "leave me alone", and a no to "may we call you". A no is never heard, nor what is told
    about an answer (confidence, reasoning). In doubt between two answers to one question the opt-out counts: a number
    that is forbidden by mistake can be allowed again.
    """
    waiting, unclear = deque([_Value(answers)]), ""
    for _number in range(MOST_VALUES):
        if not waiting:
            break
        found = waiting.popleft()
        value = unpacked(found.value)
        if isinstance(value, Mapping):
            waiting.extend(_asked_values(value, found))
        elif isinstance(value, list | tuple):
            is_denied = found.is_denied or _has_no(value)
            waiting.extend(found._replace(value=item, is_denied=is_denied) for item in value)
        elif _is_certain(value, found):
            return {"do_not_call": True, "unclear_opt_out": ""}
        elif not unclear and _is_unclear(value, found):
            unclear = _said(found.name, value)
    return {"do_not_call": False, "unclear_opt_out": unclear}


def heard_do_not_call(answers: object) -> bool:
    """Return whether answers certainly say that the person wants no more calls; see `heard_in`."""
    return heard_in(answers)["do_not_call"]


def _asked_values(answers: Mapping[Any, Any], place: _Value) -> Iterator[_Value]:
    """Yield the values of an object that may be answers, each with what its place says of it."""
    names = {name: readings(str(name)) for name in answers}
    told = [name for name, read in names.items() if not _is_all_of(_ABOUT_ANSWER, read)]
    naming = [name for name in names if isinstance(answers[name], str) and not _NAMING.isdisjoint(names[name])]
    others = [name for name in told if name not in naming and not _is_all_of(_ABOUT_WISH, names[name])]
    # {"name": "do_not_call", "value": ...}: the name is the question, not an answer.
    asking = [str(answers[name]) for name in naming if _is_wish(readings(answers[name]))]
    permitting = [str(answers[name]) for name in naming if _finds(MAY_CALL, readings(answers[name]))]
    is_denied = place.is_denied or ((place.is_asked or bool(asking)) and _has_no(answers[name] for name in others))
    if others and (asking or permitting):
        question = min(asking or permitting)
        is_asked = bool(asking)
        yield from (_Value(answers[name], question, is_asked, not is_asked, is_denied) for name in others)
        return
    for name in told:
        read = names[name]
        if place.is_asked and _is_all_of(_ABOUT_WISH, read):
            continue
        asks = place.is_asked or (_is_wish(read) and not _finds(OTHER_MEANING, read))
        may_call = not asks and (place.is_permission or _finds(MAY_CALL, read))
        yield _Value(answers[name], place.name if place.is_asked else str(name), asks, may_call, is_denied)


def _is_all_of(pattern: re.Pattern[str], read: Iterable[str]) -> bool:
    return any(pattern.fullmatch(words) for words in read)


def _finds(pattern: re.Pattern[str], read: Iterable[str]) -> bool:
    return any(pattern.search(words) for words in read)


# One value


def _is_certain(value: object, place: _Value) -> bool:
    if place.is_asked and _says_yes(value):
        return True
    if not isinstance(value, str) or _is_question(value):
        return False
    read = readings(value)
    return (place.is_asked or _is_short(read[0])) and _is_wish(read, is_certain=True)


def _is_unclear(value: object, place: _Value) -> bool:
    """Return whether a value that is no certain opt-out may be one."""
    if place.is_permission and _says_no(value):
        return True
    if not isinstance(value, str):
        return False
    read = readings(value)
    is_short = _is_short(read[0])
    if _is_wish(read, is_of_person=True):
        # Limited, hedged, asked, or within a long text.
        return True
    if (is_short or place.is_asked) and _undenied(HINT, read):
        return True
    if not place.is_asked or place.is_denied or _says_no(value) or not is_short:
        return False
    words = read[0].strip("| ")
    return words in ONLY_HINTS or HEDGE.search(words) is not None or not YES.isdisjoint(words.split())


def _says_yes(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str):
        return value is True or (isinstance(value, int | float) and value == 1)
    return any(_begins_with_yes(words) for words in readings(value))


def _begins_with_yes(text: str) -> bool:
    words = text.strip("| ").split()
    while len(words) > 1 and words[0] in BEFORE_YES | {"|"}:
        words.pop(0)
    return bool(words) and (words[0] in YES or (words[0] in YES_ALONE and words[1:2] in ([], ["|"])))


def _says_no(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str):
        return value is False or (isinstance(value, int | float) and value == 0)
    words = plain(value).strip("| ")
    return words.partition(" ")[0] in NO and not HEDGE.match(words)


def _has_no(values: Iterable[object]) -> bool:
    return any(_says_no(value) for value in values if isinstance(value, str | bool | int | float))


def _is_question(text: str) -> bool:
    return text.rstrip().endswith(("?", "؟"))


def _is_short(words: str) -> bool:
    return len(words.replace("|", " ").split()) <= MOST_WORDS


def _is_wish(read: Sequence[str], *, is_certain: bool = False, is_of_person: bool = False) -> bool:
    """Return whether plain words name the opt-out somewhere without denying it.

    If certain, without limits either; if of the person, not as something that the agent explained or checked.
    """
    return _undenied(WISH, read, is_certain=is_certain, is_of_person=is_of_person)


def _undenied(
    pattern: re.Pattern[str], read: Sequence[str], *, is_certain: bool = False, is_of_person: bool = False
) -> bool:
    # Of two readings the one in which it is found; parts of a word that stand apart deny nothing.
    words = next((words for words in read if pattern.search(words)), "")
    return any(
        not DENIED_BEFORE.search(words[: found.start()])
        and not DENIED_AFTER.match(words[found.end() :])
        and not (is_certain and _is_limited(words, found))
        and not (is_of_person and OTHER_MEANING.search(_clause_around(words, found)))
        for found in pattern.finditer(words)
    )


def _is_limited(words: str, found: re.Match[str]) -> bool:
    """Return whether an opt-out is limited in time or place, or hedged: in a long text, by its own clause."""
    around = words if _is_short(words) else _clause_around(words, found)
    return LIMITED_AFTER.match(words[found.end() :]) is not None or HEDGE.search(around) is not None


def _clause_around(words: str, found: re.Match[str]) -> str:
    """Return the clause in which something was found, without it."""
    before, after = words[: found.start()].rpartition("|")[2], words[found.end() :].partition("|")[0]
    return " ".join(f"{before} {after}".split())


def _said(name: str, value: object) -> str:
    """Return what was heard, in one line and without phone numbers."""
    text = " ".join(f"{name}: {value}".split()) if name else " ".join(str(value).split())
    return _DIGITS.sub("…", text)[:MOST_SAID]
