"""Notices for programs: the owner's alone, in words, read one by one or all."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Notice
from tests.conftest import make_campaign, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def told(user: User, subject: int) -> Notice:
    return Notice.objects.create(
        user=user, kind="campaign_finished", object_type="campaign", object_id=subject, key=f"{user.pk}:{subject}",
        at=timezone.now(),
    )  # fmt: skip


def test_the_owner_reads_what_they_were_told(manager: User) -> None:
    campaigns = [make_campaign(owner=manager, name=name) for name in ("First", "Second")]
    first, second = (told(manager, one.pk) for one in campaigns)
    told(make_person(), campaigns[0].pk)
    program = Program(manager)
    found = program.get("/notices").json()["items"]
    assert [one["id"] for one in found] == [second.pk, first.pk]
    assert "Second" in found[0]["sentence"]
    assert program.post(f"/notices/{second.pk}/read").json() == {"changed": 1}
    assert [one["id"] for one in program.get("/notices?unread=true").json()["items"]] == [first.pk]
    assert program.post("/notices/read").json() == {"changed": 1}
    assert Notice.objects.filter(read_at=None).count() == 1
    assert Program(manager, scopes=EVERYTHING - {"notices"}).get("/notices").status_code == 403
