"""Addresses as people paste them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from campaigns.contacts.importing.sources.addresses import file_address
from campaigns.core.refusals import Refusal

SHEET = "https://docs.google.com/spreadsheets/d/1AbC-def_4567890"
MEANT = {
    "https://files.example.org/people.csv?key=a%2Fb": "https://files.example.org/people.csv?key=a%2Fb",
    " https://files.example.org/people.csv#top ": "https://files.example.org/people.csv",
    f"{SHEET}/edit?usp=sharing": f"{SHEET}/export?format=csv",
    f"{SHEET}/edit?gid=7#gid=42": f"{SHEET}/export?format=csv&gid=42",
    f"{SHEET}/edit#gid=x%26y": f"{SHEET}/export?format=csv",
    "https://docs.google.com/spreadsheets/u/1/d/1AbC-def_4567890": f"{SHEET}/export?format=csv",
    "https://docs.google.com/spreadsheets/d/e/2PACX-1vQaBcDeF/pubhtml?gid=3": (
        "https://docs.google.com/spreadsheets/d/e/2PACX-1vQaBcDeF/pub?output=csv&gid=3&single=true"
    ),
}
REFUSED = {
    "": "full address",
    "people.csv": "full address",
    "http://files.example.org/people.csv": "full address",
    "https://files.example.org:8443/people.csv": "full address",
    "https://me:secret@files.example.org/people.csv": "full address",
    "https://files.example.org/my people.csv": "full address",
    "https://[::1": "full address",
    "ftp://files.example.org/people.csv": "full address",
    "https://127.0.0.1/people.csv": "OUTBOUND_HOSTS",
    "https://files.example.org.evil.org/people.csv": "OUTBOUND_HOSTS",
    "https://evilexample.org/people.csv": "OUTBOUND_HOSTS",
}


def test_what_is_pasted_means_the_address_of_a_file_or_is_refused(settings: Settings) -> None:
    settings.OUTBOUND_HOSTS = ["docs.google.com", ".example.org"]
    assert {pasted: file_address(pasted) for pasted in MEANT} == MEANT
    for pasted, words in REFUSED.items():
        with pytest.raises(Refusal, match=words):
            file_address(pasted)
