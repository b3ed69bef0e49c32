"""What an agent found out in a talk: the wish for no more calls in any shape, and the rows of a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.answers import MOST_ROWS, AnswerRow, answer_rows, heard_do_not_call
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
NO = (
    *(False, 0, None, "", "no", "No.", "NO", "No, not requested", "no, thanks", "nope", "false", "n", "0", "null", []),
    *("نه", "خیر", "לא", "नहीं", "Interested", "Not Interested", "unknown", "n/a", "requested a call later", 2, -1),
    *("no DNC", "not DNC", "Did not ask for do not call", "DNC: no", "do not call = false", "DNC - not requested"),
)
DISPOSITIONS = (
    *("DNC", "dnc.", "Not Interested - DNC", "NOT_INTERESTED_DNC", "Not interested; do not call", "DO_NOT_DISTURB"),
    *("do not disturb", "Do-Not-Call", "Opted out", "OPT_OUT", "Remove me", "Stop calling", "Never call again"),
    *("Customer asked not to be called again", "doNotCall", "No, do not call me again", "DND", "unsubscribe"),
)
OTHERS = (
    *("Not Interested", "Interested", "No answer", "Voicemail", "Call back later", "Could not be contacted", "Busy"),
    *(
        "was never called",
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
def test_rubbish_breaks_neither_the_hearing_nor_the_table(value: object) -> None:
    heard_do_not_call(value)
    heard_do_not_call({"do_not_call": value})
    for row in answer_rows({"a": value}):
        assert all(isinstance(answer, str | bool | int | float) for answer in row.answers)


def test_answers_without_end_end() -> None:
    deep: Any = "yes"
    for _level in range(50_000):
        deep = {"a": deep}
    heard_do_not_call(deep)
    assert len(answer_rows({str(number): number for number in range(5_000)})) == MOST_ROWS
    assert answer_rows(deep) == []


def test_nested_and_flat_answers_become_rows() -> None:
    answers = {
        "Lead Quality": {
            "Outcome": leaf("hot", "Wants a demo."),
            "Budget": leaf(None, "", confidence=0.2, confidence_label="Low"),
            "Said": leaf("null", "null", confidence=None, confidence_label="Medium"),
        },
        "user_interested": True,
        "address": "42 world lane",
        "do_not_call": {"value": False},
        "days": ["Mon", "Tue"],
        "nothing": None,
        "person": {"age": 42},
    }
    assert answer_rows(answers) == [
        AnswerRow(category="Lead Quality", question="Outcome", answers=("hot", "Wants a demo."), confidence=90,
                  confidence_word="High"),
        AnswerRow(category="Lead Quality", question="Budget", answers=(), confidence=20, confidence_word="Low"),
        AnswerRow(category="Lead Quality", question="Said", answers=(), confidence_word="Medium"),
        AnswerRow(category="", question="user_interested", answers=(True,)),
        AnswerRow(category="", question="address", answers=("42 world lane",)),
        AnswerRow(category="", question="do_not_call", answers=(False,)),
        AnswerRow(category="", question="days", answers=("Mon", "Tue")),
        AnswerRow(category="", question="nothing", answers=()),
        AnswerRow(category="person", question="age", answers=(42,)),
    ]  # fmt: skip
