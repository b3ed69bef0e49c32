"""What an agent found out in a talk: the rows of a table."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from providers.answers import MOST_ROWS, AnswerRow, answer_rows
from tests.providers.exchanges import ANY_JSON


def leaf(chosen: object, free: object = None, **more: object) -> dict[str, object]:
    """Return one of Bolna's answers as it writes them since September 2026."""
    return {"subjective": free, "objective": chosen, "confidence": 0.9, "confidence_label": "High", **more}


@given(ANY_JSON)
def test_rubbish_does_not_break_the_table(value: object) -> None:
    for row in answer_rows({"a": value}):
        assert all(isinstance(answer, str | bool | int | float) for answer in row.answers)


def test_rows_without_end_end() -> None:
    deep: Any = "yes"
    for _level in range(50_000):
        deep = {"a": deep}
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
