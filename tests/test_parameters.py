"""Readers of what a request carries."""

from __future__ import annotations

import pytest
from django.http import HttpResponse, QueryDict
from django.test import RequestFactory

from callcenter.parameters import LARGEST_KEY, go_back, whole_number, words_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("12", 12), ("۱۲", 12), (7, 7), (str(LARGEST_KEY), LARGEST_KEY),
        (str(LARGEST_KEY + 1), None), ("9" * 5000, None), ("-1", None), ("²", None), ("1.0", None), ("", None),
        (None, None), (" 1", None), ("1\0", None),
    ],
)  # fmt: skip
def test_whole_numbers(text: object, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_number_above_the_most_is_none() -> None:
    assert whole_number("100", 99) is None


def test_words_are_cut() -> None:
    asked = QueryDict(mutable=True)
    asked["reason"] = "  a reason" + " and more" * 100_000
    assert words_of(asked, "reason", 8) == "a reason"
    assert words_of(asked, "nothing", 8) == ""


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/today/?a=b#c", "/today/?a=b#c"),
        ("nowhere", "/calls/"), ("/nowhere/", "/calls/"), ("//evil.example/today/", "/calls/"), ("today", "/calls/"),
        ("https://evil.example/", "/calls/"), ("/\\evil.example", "/calls/"), ("http://[", "/calls/"),
        ("javascript:alert(1)", "/calls/"), ("/today/?" + "a" * 5000, "/calls/"), ("", "/calls/"),
    ],
)  # fmt: skip
def test_the_page_to_go_back_to_is_one_of_ours(wanted: str, leads_to: str) -> None:
    answer = go_back(RequestFactory().post("/", {"next": wanted}), "call-log")
    assert isinstance(answer, HttpResponse)
    assert answer["Location"] == leads_to
