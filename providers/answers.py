"""Reads what an agent found out in a talk, in any vendor's shape: rows for a table, and "never call again". Pure.

Bolna nests its answers since 18 September 2026: category -> question -> `{subjective, objective, confidence,
confidence_label, reasoning_subjective, reasoning_objective, validation}` (https://www.bolna.ai/docs/prompting/
extraction-output, read 2026-11); older executions keep flat ones, `{name: value}`. Voicy writes `{name: value}` or
`{name: {"value": value}}`, UnleashX a disposition.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from providers.parsing import unpacked

Scalar: TypeAlias = str | bool | int | float

MOST_VALUES = 20_000
"""Values of one call's answers that are searched for a wish."""
MOST_ROWS = 300
"""Rows of one call's answers that are shown."""
MAX_SEARCHED_TEXT = 2_000
"""Characters of one text that are searched for a wish."""
MOST_WORDS = 12
"""Words of an answer under a name that does not ask for it (a disposition) that may still be a wish: a summary is
longer, and may speak of the do-not-call list without anybody's wish."""

# Words

_NO_MORE = r"(?:call(?:s|ed|ing)?|contact(?:s|ed|ing)?|disturb(?:ed|ing)?|ring|phoned?|dial(?:l?ed)?)"
_LATIN_WISH = "|".join(
    (
        "dnc", "dnd", "donotcall", "donotdisturb", "optout", "opt out", "opts out", "opted out", "opting out",
        "unsubscribed?",
        r"(?:do not|dont|never)(?: ever)? (?:call(?:ing)?|contact(?:ing)?|disturb|ring|phone|dial)",
        r"(?:do|does) not (?:want|wish|like)(?: to| be| get| receive| any| more| further)* " + _NO_MORE,
        rf"not to (?:be |get )?{_NO_MORE}",
        r"no (?:more|further|future) (?:calls?|contact)",
        r"stop (?:call(?:s|ing)|contacting|phoning|ringing)",
        r"remove (?:me|him|her|them|(?:my|his|her|their|the|this) (?:phone )?number)",
        r"take (?:me|him|her|them) off",
        "call mat", "phone mat",
    )
)  # fmt: skip
_OTHER_WISH = "|".join(
    (
        "تماس نگیر", "زنگ نزن", "مزاحم نش", "لا تتصل", "לא להתקשר", "אל תתקשר", "תסירו אותי", "להסיר אותי",
        "कॉल मत", "फोन मत", "फ़ोन मत",
    )
)  # fmt: skip
_WISH = re.compile(rf"(?<![^ ])(?:(?:{_LATIN_WISH})(?![^ ])|(?:{unicodedata.normalize('NFKC', _OTHER_WISH)}))")
_LINKS = (
    r"(?:a|an|on|in|the|any|for|to|is|was|be|been|by|it|us|we|that|put|added|marked|listed|yet|explicitly|customers?|"
    r"persons?|users?|they|he|she|ask\w*|request\w*|want\w*|wish\w*|mention\w*|sa(?:y|ys|id)|express\w*|indicat\w*|"
    r"requir\w*|need\w*)"
)
_DENIED_BEFORE = re.compile(rf"(?<![^ ])(?:no|not|non|never|without|neither|nor|none|nobody|didnt)(?: {_LINKS})* ?$")
_DENIED_AFTER = re.compile(
    r"^(?: (?:list|listed|requests?|requested|asked|status|flag))*(?: \|)* "
    r"(?:(?:no|false|0|none|nil|n|off|unchecked|declined)(?= \||$)|"
    r"(?:was |is )?not (?:requested|asked|set|needed|required|mentioned|applicable|said|wanted)(?![^ ]))"
)
_OTHER_MEANING = re.compile(
    r"(?<![^ ])(?:check(?:s|ed|ing)?|scrub(?:bed)?|explain(?:ed)?|offer(?:ed)?|inform(?:ed)?|exempt|policy|verified|"
    r"cleared|eligible)(?![^ ])"
)
"""A yes under such a name is about the list or the agent, not the person's wish."""
_YES = frozenset(
    {
        *("yes", "yeah", "yep", "yup", "true", "absolutely", "definitely", "affirmative", "sí", "oui"),
        *("بله", "بلی", "آره", "اره", "آری", "نعم", "כן", "हाँ", "हां", "haan"),
    }
)
_YES_ALONE = frozenset(
    {"y", "1", "on", "correct", "positive", "requested", "confirmed", "detected", "agreed", "asked", "han", "ja", "si"}
)
"""Words that are a yes only where the clause ends with them: "requested a call later" is none."""
_BEFORE_YES = frozenset({"जी", "ji", "well", "oh", "خب"})
_NAMING = ("name", "question", "label", "key", "field", "title", "id", "parameter", "variable", "slug")
_ABOUT_ANSWER = re.compile(
    r"(?:reasoning|confidence|validation|is|has)(?: .*)?|questions?|prompts?|descriptions?|options|choices|conditions?"
)
"""Names of what is told about an answer and is none itself, such as how sure the model is of it."""
_ABOUT_WISH = re.compile(
    r"type|version|score|probability|weight|index|count|order|required|enabled|configured|model|source|attempts?|at|"
    r"timestamp|language|id|turn"
)
"""Further such names within an answer about the wish: no 1 and no true among them is a yes."""

_CLAUSES = frozenset(".,;:!?|/()[]{}\"'–—·•\n\r\t=،؛؟।")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT = re.compile(r"n['’]t\b", re.IGNORECASE)
_LETTERS = str.maketrans({"ي": "ی", "ك": "ک", "أ": "ا", "إ": "ا"})


def heard_do_not_call(answers: object) -> bool:
    """Return whether answers say, in any shape and at any depth, that the person wants no more calls.

    Heard are a yes under a name that asks for it (`do_not_call`, "Opted out?", also as `{"name": ..., "value": ...}`)
    and a short answer that names the wish itself, such as the dispositions "Not Interested - DNC" and
    "DO_NOT_DISTURB". A no is never heard, nor what is told about an answer (confidence, reasoning). In doubt between
    two answers to one question the wish counts: a number that is forbidden by mistake can be allowed again.
    """
    waiting: deque[tuple[object, bool]] = deque([(answers, False)])
    for _number in range(MOST_VALUES):
        if not waiting:
            return False
        value, is_asked = waiting.popleft()
        value = unpacked(value)
        if isinstance(value, Mapping):
            waiting.extend(_asked_values(value, is_asked))
        elif isinstance(value, list | tuple):
            waiting.extend((item, is_asked) for item in value)
        elif (is_asked and _says_yes(value)) or (isinstance(value, str) and _names_wish(value, is_asked)):
            return True
    return False


def _asked_values(answers: Mapping[Any, Any], is_asked: bool) -> Iterator[tuple[object, bool]]:
    """Yield the values of an object that may be answers, each with whether it answers the question for the wish."""
    names = {name: _plain(str(name)) for name in answers}
    told = [name for name, plain in names.items() if not _ABOUT_ANSWER.fullmatch(plain)]
    naming = [name for name, plain in names.items() if plain in _NAMING and isinstance(answers[name], str)]
    is_named = any(_is_wish(_plain(answers[name])) for name in naming)
    others = [name for name in told if name not in naming and not _ABOUT_WISH.fullmatch(names[name])]
    if is_named and others:
        # {"name": "do_not_call", "value": ...}: the name is the question, not an answer.
        yield from ((answers[name], True) for name in others)
        return
    for name in told:
        if is_asked and _ABOUT_WISH.fullmatch(names[name]):
            continue
        yield answers[name], is_asked or (_is_wish(names[name]) and not _OTHER_MEANING.search(names[name]))


def _says_yes(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str):
        return value is True or (isinstance(value, int | float) and value == 1)
    words = _plain(value).strip("| ").split()
    while len(words) > 1 and words[0] in _BEFORE_YES | {"|"}:
        words.pop(0)
    return bool(words) and (words[0] in _YES or (words[0] in _YES_ALONE and words[1:2] in ([], ["|"])))


def _names_wish(text: str, is_asked: bool) -> bool:
    if text.rstrip().endswith(("?", "؟")):
        return False
    plain = _plain(text)
    is_short = len(plain.replace("|", " ").split()) <= MOST_WORDS
    return (is_asked or is_short) and _is_wish(plain)


def _is_wish(plain: str) -> bool:
    """Return whether plain words name the wish somewhere without denying it."""
    return any(
        not _DENIED_BEFORE.search(plain[: found.start()]) and not _DENIED_AFTER.match(plain[found.end() :])
        for found in _WISH.finditer(plain)
    )


def _plain(text: str) -> str:
    """Return a text as lower-case words with one space between them, and `|` where a clause ends."""
    text = _NOT.sub(" not", unicodedata.normalize("NFKC", text[:MAX_SEARCHED_TEXT]))
    text = _CAMEL.sub(" ", text).casefold().translate(_LETTERS).replace(" - ", " | ")
    letters = []
    for letter in text:
        if letter in _CLAUSES:
            letters.append(" | ")
        elif letter.isalnum() or letter == "|":
            letters.append(letter)
        else:
            kind = unicodedata.category(letter)
            letters.append(letter if kind[0] == "M" else "" if kind == "Cf" else " ")
    return " ".join("".join(letters).split())


# Rows for a table


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer as a row: its category (empty for flat ones), the question's name, and what was answered."""

    category: str
    question: str
    answers: tuple[Scalar, ...]
    """The chosen value first, then the free text; empty where nothing was found out."""
    confidence: int | None = None
    """How sure the vendor's model is, in percent; None where it does not say."""
    confidence_word: str = ""
    """Its word for that ("High"), where it gives no number."""


_CHOSEN, _FREE = ("objective", "value", "answer"), ("subjective",)
_OF_ANSWER = frozenset(
    {
        *_CHOSEN, *_FREE, "confidence", "confidence_label", "reasoning_subjective", "reasoning_objective", "reasoning",
        "validation", "type",
    }
)  # fmt: skip


def answer_rows(answers: object) -> list[AnswerRow]:
    """Return stored answers as rows, nested or flat, in the vendor's order; at most `MOST_ROWS`."""
    rows: list[AnswerRow] = []
    _collect(answers, (), rows, 8)
    return rows


def _collect(value: object, path: tuple[str, ...], rows: list[AnswerRow], depth: int) -> None:
    if len(rows) >= MOST_ROWS or depth == 0:
        return
    if isinstance(value, Mapping) and value and not _is_answer(value):
        for name, inner in value.items():
            _collect(inner, (*path, str(name)), rows, depth - 1)
    elif path:
        rows.append(_row_of(value, path))


def _is_answer(value: Mapping[Any, Any]) -> bool:
    """Return whether an object is one answer and not a category of them."""
    names = value.keys()
    return bool(names & {*_CHOSEN, *_FREE}) and names <= _OF_ANSWER and not isinstance(_first(value, _CHOSEN), Mapping)


def _row_of(value: object, path: tuple[str, ...]) -> AnswerRow:
    told = value if isinstance(value, Mapping) else {"value": value}
    found = [answer for names in (_CHOSEN, _FREE) for answer in _scalars(_first(told, names))]
    label = told.get("confidence_label")
    return AnswerRow(
        category=" / ".join(path[:-1]),
        question=path[-1],
        answers=tuple(dict.fromkeys(found)),
        confidence=_percent(told.get("confidence")),
        confidence_word=label if isinstance(label, str) else "",
    )


def _first(told: Mapping[Any, Any], names: tuple[str, ...]) -> object:
    return next((told[name] for name in names if told.get(name) not in (None, "")), None)


def _scalars(value: object) -> list[Scalar]:
    if isinstance(value, list | tuple):
        return [one for item in value for one in _scalars(item)]
    if isinstance(value, Mapping):
        return [f"{name}: {one}" for name, item in value.items() for one in _scalars(item)]
    # The vendor writes the word for an answer that does not apply.
    return [value] if isinstance(value, str | bool | int | float) and value not in ("", "null") else []


def _percent(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return round(value * 100 if value <= 1 else value)
