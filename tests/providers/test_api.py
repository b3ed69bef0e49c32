"""Providers for programs: how each stands, and what a call can be placed with."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.conftest import make_agent, make_caller_id, make_provider
from tests.programs import Program

pytestmark = pytest.mark.django_db


def test_providers_are_shown_with_their_state_and_never_with_a_key(caller: User) -> None:
    works = make_provider(name="Works", checked_at=timezone.now(), last_success_at=timezone.now())
    halted = make_provider(name="Halted", halted_at=timezone.now(), halted_reason="no credit")
    agent = make_agent(works, name="Anna", variables=["order"])
    make_agent(works, is_present=False)
    line = make_caller_id(works)
    program = Program(caller)
    listed = program.get("/providers").json()["items"]
    assert [(one["id"], one["state"], one["may_call"]) for one in listed] == [
        (halted.pk, "halted", False), (works.pk, "ready", True),
    ]  # fmt: skip
    assert program.get("/providers?limit=1").json()["next"] == halted.pk
    whole = program.get(f"/providers/{works.pk}")
    assert whole.json()["agents"] == [{"id": agent.pk, "name": "Anna", "variables": ["order"]}]
    assert [one["id"] for one in whole.json()["caller_ids"]] == [line.pk]
    assert "sandbox_bolna_key" not in whole.content.decode()
