"""Files of people and of calls are told apart by whoever writes them, and each asks for its right."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns import queue
from campaigns.exports import contents, job, requests
from campaigns.exports.people_filters import PeopleFilters
from campaigns.models import CallExport
from tests.conftest import ADMIN, CALLER, make_contact, make_person


@pytest.fixture(autouse=True)
def not_nudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "nudge_export", lambda pk: None)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [CALLER, ADMIN])
def test_who_has_no_right_gets_no_file(client: Client, role: str) -> None:
    client.force_login(make_person(role))
    assert client.get(reverse("people-export")).status_code == 403
    assert client.post(reverse("people-export"), {"file_format": "csv"}).status_code == 403


@pytest.mark.django_db
def test_a_worker_of_the_release_before_writes_no_file_of_people(manager: User) -> None:
    make_contact()
    export = requests.ask_for_people(manager, PeopleFilters(tag="x"), file_format="csv")
    with pytest.raises(contents.Impossible):
        contents.CallsFile(export, manager)
    # And filters that an erasure emptied are of nobody.
    CallExport.objects.update(filters={})
    job.write(export.pk)
    export.refresh_from_db()
    assert export.state == CallExport.State.FAILED
