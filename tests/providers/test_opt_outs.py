"""The wish for no more calls, heard in any shape: certainly, maybe, or not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.opt_outs import heard_do_not_call, heard_in
from tests.providers.exchanges import ANY_JSON

NAMES = (
    *("do_not_call", "Do Not Call", "doNotCall", "DO-NOT-CALL", "dnc", "DNC", "opt_out", "Opted out?", "no_more_calls"),
    *("do_not_call_again", "Did the person ask not to be called again?", "Never call again", "stop calling", "dnd"),
    *("Do Not Disturb", "Please remove my number", "تماس نگیرید", "לא להתקשר", "DNCRequested", "donotcall"),
)
YES = (
    *(True, 1, 1.0, "yes", "Yes.", "YES!", "yes please", "Yes, twice", "true", "TRUE", "y", "1", "requested"),
    *("بله", "بلی", "آره", "اره", "آره.", "\u200fبله\u200f", "כן", "כן.", "जी हाँ", "haan"),
    *("DNC", "do not call", "Do not disturb", "Asked not to be called again", "please don’t call me again"),
)
NO: tuple[object, ...] = (
    *(False, 0, None, "", "no", "No.", "NO", "No, not requested", "no, thanks", "nope", "false", "n", "0", "null", []),
    *("نه", "خیر", "לא", "नहीं", "Interested", "Not Interested", "unknown", "n/a", "requested a call later", 2, -1),
    *("no, you may call", "No, please call me again.", "not interested in stopping calls", "don't stop calling me"),
    *("no DNC", "not DNC", "Did not ask for do not call", "DNC: no", "do not call = false", "DNC - not requested"),
)
DISPOSITIONS = (
    *("DNC", "dnc.", "Not Interested - DNC", "NOT_INTERESTED_DNC", "Not interested; do not call", "DO_NOT_DISTURB"),
    *("do not disturb", "Do-Not-Call", "Opted out", "OPT_OUT", "Remove me", "Stop calling", "Never call again"),
    *("دیگه زنگ نزنید", "لطفاً تماس نگیرید", "عدم تماس", "نمی‌خواهد تماس بگیریم، تماس نگیرید", "لا تتصل بي مرة أخرى"),
    *("אל תתקשרו אליי", "תסירו אותי", "मुझे कॉल मत करो", "Bitte nicht mehr anrufen", "Ne plus appeler", "No llamar más"),
    *("Customer asked not to be called again", "doNotCall", "No, do not call me again", "DND", "unsubscribe"),
)
OTHERS = (
    *("Not Interested", "Interested", "No answer", "Voicemail", "Call back later", "Could not be contacted", "Busy"),
    *(
        "was never called",
        "not interested in stop calling",
        "doesn't mind being called",
        "Do not stop calling",
        "عدم تماس: خیر",
        "stop",
        "no dnc",
        "Not DNC",
        "Not on the DNC list",
        "DNC: No",
        "DNC - false",
        "DNC = 0",
        "Do not know",
    ),
    *("Customer did not ask for do not call", "Nobody asked us to stop calling", "Do not call?", "without opt out"),
)
SUMMARY = (
    "The agent explained the do not call policy of the company at some length, and the person was glad to hear it and"
    " went on to ask about the offer."
)


def leaf(chosen: object, free: object = None, **more: object) -> dict[str, object]:
    """Return one of Bolna's answers as it writes them since September 2026."""
    return {"subjective": free, "objective": chosen, "confidence": 0.9, "confidence_label": "High", **more}


def nested_in(value: Any, names: list[str]) -> Any:
    for name in names:
        value = {name: value} if name != "[]" else [value]
    return value


PATHS = st.lists(st.sampled_from(["[]", "Compliance", "a", "value", "data", "objective"]), max_size=40)
WRAPS = st.sampled_from(
    [
        lambda value: value,
        lambda value: {"value": value},
        lambda value: leaf(value),
        lambda value: leaf(None, value),
        lambda value: {"answer": value, "confidence": 1, "reasoning_objective": "Yes, they said do not call."},
        lambda value: [value],
    ]
)


@given(st.sampled_from(NAMES), st.sampled_from(YES), WRAPS, PATHS)
def test_a_yes_to_the_question_is_heard_in_any_shape_and_depth(name: str, yes: Any, wrap: Any, path: list[str]) -> None:
    assert heard_do_not_call(nested_in({"other": "no", name: wrap(yes)}, path))


@given(st.sampled_from(NAMES), st.sampled_from(NO), WRAPS, PATHS)
def test_a_no_to_the_question_is_never_heard(name: str, no: Any, wrap: Any, path: list[str]) -> None:
    assert not heard_do_not_call(nested_in({"other": "yes", name: wrap(no)}, path))


@given(st.sampled_from(DISPOSITIONS), WRAPS, PATHS)
def test_an_answer_that_names_the_wish_is_heard_under_any_name(word: str, wrap: Any, path: list[str]) -> None:
    assert heard_do_not_call(nested_in({"disposition": wrap(word)}, path))


@given(st.sampled_from(OTHERS), WRAPS, PATHS)
def test_other_dispositions_are_not_heard(word: str, wrap: Any, path: list[str]) -> None:
    assert not heard_do_not_call(nested_in({"disposition": wrap(word)}, path))


@pytest.mark.parametrize("named", ["name", "question", "key", "label", "id"])
@pytest.mark.parametrize("answered", ["value", "answer", "objective", "selected"])
def test_a_list_of_names_and_values_is_heard_too(named: str, answered: str) -> None:
    others = {named: "callback", answered: "yes"}
    assert heard_do_not_call([others, {named: "do_not_call", answered: "Yes", "confidence": 0.4}])
    assert not heard_do_not_call([others, {named: "do_not_call", answered: "No", "confidence": 1}])
    # The word alone is a disposition; a question alone is no answer.
    assert heard_do_not_call({named: "DNC", "confidence": 1}) is (named != "question")


@pytest.mark.parametrize(
    "answers",
    [
        None, {}, [], "", 1, True, {"a": True}, {"call_again": "no"},
        {"dnc_checked": True}, {"DNC list checked": "yes"}, {"opt_out_explained": True}, {"not_dnc": "yes"},
        {"Do Not Call": leaf("No", "", confidence=1, validation={"is_valid": True})},
        {"Do Not Call": leaf("No", "", reasoning_objective="Yes, do not call was spoken of.")},
        {"Do Not Call": {"prompt": "Say yes if they say do not call", "value": "no", "version": 1}},
        {"Call": {"Summary": leaf(None, SUMMARY)}},
    ],
)  # fmt: skip
def test_what_is_no_wish_is_not_heard(answers: object) -> None:
    assert not heard_do_not_call(answers)


def test_a_wish_is_heard_in_json_text_and_beside_a_no() -> None:
    assert heard_do_not_call({"agent_extraction": '{"Do not call": "yes"}'})
    assert heard_do_not_call([{"do_not_call": "no"}, {"do_not_call": {"value": True}}])
    assert heard_do_not_call({"Do Not Call": leaf(None, SUMMARY + " At last they said: do not call me again.")})


@given(ANY_JSON)
def test_rubbish_does_not_break_the_hearing(value: object) -> None:
    heard_do_not_call(value)
    heard_do_not_call({"do_not_call": value})


def test_answers_without_end_end() -> None:
    deep: Any = "yes"
    for _level in range(50_000):
        deep = {"a": deep}
    heard_do_not_call(deep)


# Maybe

MAYBE = (
    *("maybe", "Maybe later", "possibly", "Not sure", "unclear", "they said yes", "I think yes", "implied", "stop"),
    *("شاید", "אולי", "शायद", "remove from your list", "do not call before 9", "Perhaps do not call", "DNC?"),
)
"""Answers to the question for the opt-out."""
MAYBE_DISPOSITIONS = (
    *("Maybe DNC", "Possible opt-out", "DNC?", "Do not call?", "do not call before 9", "Do not call today"),
    *("Never call on Sundays", "please don't call at work", "Remove from list", "removed from the calling list"),
    *("leave me alone", "Blacklist", "لیست سیاه", "دست از سرم بردارید", "תעזבו אותי", "No calls", "unclear, opt out"),
    SUMMARY + " At last they said: do not call me again.",
)
PERMISSIONS = ("may_we_call_again", "Can we call?", "consentToCall", "Permission to be contacted", "call_allowed")


def verdict(answers: object) -> str:
    """Return what is heard, as one word; what was said is never longer than what a person reads, and has no number."""
    heard = heard_in(answers)
    assert not (heard["do_not_call"] and heard["unclear_opt_out"])
    assert len(heard["unclear_opt_out"]) <= 200
    return "certain" if heard["do_not_call"] else "maybe" if heard["unclear_opt_out"] else "nothing"


@given(st.sampled_from(NAMES), st.sampled_from(MAYBE), WRAPS, PATHS)
def test_an_answer_that_is_neither_yes_nor_no_is_maybe(name: str, answer: str, wrap: Any, path: list[str]) -> None:
    assert verdict(nested_in({"other": "no", name: wrap(answer)}, path)) == "maybe"


@given(st.sampled_from(MAYBE_DISPOSITIONS), WRAPS, PATHS)
def test_what_looks_like_an_opt_out_is_maybe(word: str, wrap: Any, path: list[str]) -> None:
    assert verdict(nested_in({"disposition": wrap(word)}, path)) == "maybe"


@given(st.sampled_from(PERMISSIONS), WRAPS, PATHS)
def test_who_may_not_be_called_is_maybe(name: str, wrap: Any, path: list[str]) -> None:
    for answer, expected in (
        ("No.", "maybe"),
        (False, "maybe"),
        ("yes", "nothing"),
        (True, "nothing"),
        ("", "nothing"),
    ):
        assert verdict(nested_in({name: wrap(answer)}, path)) == expected
    assert verdict({"question": name, "value": "no"}) == "maybe"


@given(st.sampled_from([*NO, *OTHERS]))
def test_nothing_is_nothing(answer: object) -> None:
    if answer != "Do not call?":
        assert verdict({"disposition": answer, "call_again": "no", "callback_requested": False}) == "nothing"


def test_a_no_settles_what_is_told_beside_it() -> None:
    assert verdict({"Do Not Call": leaf("No", "Not sure; maybe they are busy.")}) == "nothing"
    assert verdict({"Do Not Call": leaf(None, "Not sure; maybe they are busy.")}) == "maybe"
    assert verdict({"Do Not Call": [leaf("No"), leaf("Yes")]}) == "certain"


def test_what_was_said_is_told_without_numbers() -> None:
    heard = heard_in({"Outcome": {"Do Not Call": "maybe, ask at +98 912 123 4567"}})
    assert heard["unclear_opt_out"] == "Do Not Call: maybe, ask at +…"


# The same in any letter case, with any punctuation, in any order

CASES = (str.upper, str.lower, str.title, str.swapcase, str.capitalize)
ENDS = ("", ".", "!", " ", "...", ";", "\n", " \u200f")
GAPS = (" ", "_", "-", "  ", "\u00a0")


@st.composite
def rewritten(draw: st.DrawFn, text: str) -> str:
    """Draw another way of writing a text."""
    if draw(st.booleans()):
        text = draw(st.sampled_from(CASES))(text)
    else:
        text = "".join(draw(st.sampled_from((str.upper, str.lower)))(letter) for letter in text)
    return draw(st.sampled_from(("", " ", '"', "- "))) + text + draw(st.sampled_from(ENDS))


@given(st.data())
def test_the_verdict_is_the_same_however_it_is_written(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(("certain", "maybe", "nothing")))
    words = {"certain": DISPOSITIONS, "maybe": MAYBE_DISPOSITIONS, "nothing": ("No", "Interested", "no dnc", "خیر")}
    word = data.draw(st.sampled_from([word for word in words[kind] if word.isascii() and not word.endswith("?")]))
    # Words of mixed case are one name, which its capital letters part.
    if " " not in word and word != word.lower() and word != word.upper():
        return
    gap = data.draw(st.sampled_from(GAPS)) if "," not in word and "." not in word and ";" not in word else " "
    said = data.draw(rewritten(word.replace(" ", gap)))
    others = data.draw(st.permutations([("a", "no"), ("b", 3), ("disposition", said), ("c", {"d": ["x"]})]))
    assert verdict(nested_in(dict(others), data.draw(PATHS))) == kind


@given(st.data())
def test_the_verdict_is_the_same_in_any_order(data: st.DataObject) -> None:
    parts = [{"do_not_call": "no"}, {"Do Not Call": leaf("maybe")}, {"summary": SUMMARY}, {"call_again": "no"}]
    assert verdict(data.draw(st.permutations(parts))) == "maybe"
    parts.append(data.draw(st.sampled_from([{"dnc": "Yes"}, {"x": {"y": ["Opted out"]}}, {"key": "dnc", "value": 1}])))
    assert verdict(data.draw(st.permutations(parts))) == "certain"
