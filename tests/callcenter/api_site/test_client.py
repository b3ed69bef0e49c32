"""The typed client: made from the schema that is served, and used against the product."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from callcenter.api_site.reference import schema
from campaigns.models import Call
from tests.conftest import make_agent, make_contact
from tests.programs import Program

ROOT = Path(__file__).resolve().parents[3]


def loaded(path: Path) -> ModuleType:
    spec = spec_from_loader(path.stem, SourceFileLoader(path.stem, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_client_is_made_from_the_served_schema() -> None:
    maker = loaded(ROOT / ".ci" / "client")
    assert maker.client(schema()) == maker.CLIENT.read_text(), "run .ci/client and commit what it wrote"


class InProcess(requests.adapters.BaseAdapter):
    """Carries the client's requests, as they would go over the wire, to the product in this process."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Return the product's answer."""
        headers = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        kind = headers.pop("Content-Type", "")
        found: Any = Client().generic(str(request.method), request.path_url, request.body or b"", kind, headers=headers)
        answer = requests.Response()
        answer.status_code, answer._content = found.status_code, found.content
        answer.headers.update(dict(found.items()))
        return answer

    def close(self) -> None:
        """Hold nothing."""


@pytest.mark.django_db
def test_it_reads_writes_pages_and_tells_what_was_refused(manager: User, settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    client, session = loaded(ROOT / "docs" / "api" / "callcenter_client.py"), requests.Session()
    session.mount("https://testserver", InProcess())
    agent = make_agent()
    for _ in range(3):
        make_contact(owner=manager)
    desk = client.Callcenter("https://testserver", Program(manager).secret, session=session)
    saved = desk.people_save({"phone": "0912 123 4567", "name": "Maryam"})
    assert len(list(desk.every(desk.people, limit=2))) == 4
    desk.person(saved["id"])
    etag = desk.etag
    assert desk.person_change(saved["id"], {"name": "Maryam R."}, if_match=etag)["name"] == "Maryam R."
    with pytest.raises(client.Problem) as found:
        desk.person_change(saved["id"], {"name": "late"}, if_match=etag)
    assert (found.value.status, "Read it again" in found.value.detail) == (412, True)
    order = {"contact": saved["id"], "provider": agent.provider_id, "agent": agent.pk, "is_deliberate": True}
    with pytest.raises(client.Problem) as found:
        desk.call_place({**order, "agent": 10**9}, idempotency_key="first")
    assert (found.value.status, found.value.errors[0]["field"]) == (422, "agent")
    first, second = (desk.call_place(order, idempotency_key="second") for _ in range(2))
    assert first["id"] == second["id"] == Call.objects.get().pk
    assert desk.call_cancel(first["id"], {"reason": "a trial"})["is_canceled"]
    listed = desk.list_make({"name": "Spring"})
    assert desk.list_remove(listed["id"]) is None
