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
from tests.conftest import ADMIN, CALLER, make_call, make_contact, make_person


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


@pytest.mark.django_db
def test_calls_with_ids_between_them_that_do_not_belong_are_named_one_by_one(manager: User) -> None:
    calls = [make_call(to_number=f"+98912000000{at}") for at in range(3)]
    first, second, third = (call.pk for call in calls)
    export = CallExport.objects.create(owner=manager, format="csv", columns=["call"], language="en", zone="UTC")
    file = contents.CallsFile(export, manager)
    assert file.written([third, second, first], is_first=True).split() == [str(third), str(second), str(first)]
    assert file.written([third, first], is_first=True).split() == [str(third), str(first)]
    calls[1].delete()
    assert file.written([third, second, first], is_first=True).split() == [str(third), str(first)]
