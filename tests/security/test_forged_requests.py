"""No address takes what another site sends in a person's name: every one but the vendors' asks for a form's token."""

from __future__ import annotations

import logging
import os

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.security.addresses import addresses

IS_FULL = os.environ.get("SECURITY") == "full"
OF_VENDORS = {"hook"}
"""Vendors send no form of ours: the address itself is the secret, and what they say is only a hint."""


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"] if IS_FULL else ["post"])
def test_no_address_takes_a_form_without_its_token(
    admin_person: User, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger="django")
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_person)
    told = {address.name: getattr(client, method)(address.path) for address in addresses()}
    # Probes answer before all else, and nobody but by GET.
    taken = {name: answer.status_code for name, answer in told.items() if answer.status_code not in {403, 405}}
    # The API knows no cookie: whoever comes without a key is nobody.
    of_api = {name: status for name, status in taken.items() if name.startswith("api-")}
    assert set(of_api.values()) <= {401}, of_api
    assert taken.keys() - of_api.keys() <= OF_VENDORS, taken
    if method == "post":
        assert of_api
        assert "hook" in taken
