"""The addresses that attacks walk through are those of rows that exist, whatever ids a database gives."""

from __future__ import annotations

import pytest
from django.apps import apps

from tests.security.addresses import WITHOUT_ROWS, WORDS, Browsers, addresses, rows_of


@pytest.mark.django_db
def test_every_id_in_an_address_is_of_a_row_that_exists() -> None:
    Browsers()
    nameless, empty = set(), set()
    for address in addresses():
        for part in address.parts.keys() - WORDS.keys():
            label = rows_of(address.route.removeprefix("/"), part)
            if label and not apps.get_model(label)._base_manager.filter(pk=address.parts[part]).exists():
                empty.add(address.route)
            elif not label and not address.route.startswith(tuple(f"/{one}" for one in WITHOUT_ROWS)):
                nameless.add(address.route)
    assert nameless == set(), "name in ROWS of tests/security/addresses.py whose ids these addresses carry"
    assert empty == set()
