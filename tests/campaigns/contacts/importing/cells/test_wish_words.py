"""Do-not-call columns: titles in any of the usual words, and cells that say yes, no, nothing, or something unclear."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.cells.wish_words import Wish, WishColumns, answer_key, is_wish_title, read_wish


@pytest.mark.parametrize(
    ("titles", "is_one"),
    [
        (
            ("Do Not Call", "DoNotCall", "do_not_call", "DNC", "D.N.C.", "Opt out", "opt-out", "OPTED OUT?",
             "Do not contact",
             "Do not call (yes/no)", "No calls", "عدم تماس", "عدم‌تماس", "تماس نگیرید", "لا تتصل", "कॉल न करें",
             "לא להתקשר",
             "Phone opt out", "DNC date", "DNC 2", "Unsubscribed"),
            True,
        ),
        (
            ("Contact", "Company", "Call count", "Last call", "Opt in", "Consent", "Email opt out",
             "HasOptedOutOfEmail",
             "SMS unsubscribed", "DNC check date", "DNC reason", "شماره تماس", "تماس", "Notes", "Customer number", ""),
            False,
        ),
    ],
)  # fmt: skip
def test_titles(titles: tuple[str, ...], is_one: bool) -> None:
    assert [title for title in titles if is_wish_title(title) is not is_one] == []


@pytest.mark.parametrize(
    ("cells", "wish"),
    [
        (
            ("1", "1.0", "Yes", "YES.", " yes please ", "y", "TRUE", "x", "✓", "بله", "آره", "نعم", "כן", "हाँ",
             "ja", "Sí",
             "DNC", "Do not call!", "opted-out", "STOP", "2024-03-01", "۱", "🚫"),
            Wish.YES,
        ),
        (("0", "0.0", "No", "no!", "FALSE", "n", "خیر", "نه", "لا", "नहीं", "לא", "Nein", "۰", "☐"), Wish.NO),
        (("", " ", "-", "—", "N/A", "null", "None"), Wish.BLANK),
        (("maybe", "?", "pending", "2", "ask Ali", "✗", "ok", "never", "نامشخص", "!!"), Wish.DOUBTFUL),
    ],
)  # fmt: skip
def test_cells(cells: tuple[str, ...], wish: Wish) -> None:
    assert [cell for cell in cells if read_wish(cell) is not wish] == []


def test_of_several_columns_a_yes_counts_first_then_a_doubt() -> None:
    columns = WishColumns([1, 2], {})
    assert columns.of(["", "no", "yes"]) == (Wish.YES, "yes")
    assert columns.of(["", "maybe", "no"]) == (Wish.DOUBTFUL, "maybe")
    assert columns.of(["", "no"]) == (Wish.NO, "no")
    assert columns.of(["x"]) == (Wish.BLANK, "")


def test_an_answer_holds_for_every_cell_of_that_value() -> None:
    columns = WishColumns([0], {answer_key("Pending"): "yes"})
    assert columns.of([" pending. "])[0] is Wish.YES
    assert columns.of(["maybe"])[0] is Wish.DOUBTFUL
    # An answer about doubtful values never changes a plain no.
    assert WishColumns([0], {answer_key("no"): "yes"}).of(["no"])[0] is Wish.NO
