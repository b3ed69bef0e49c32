"""What no page can read is refused before it is read."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as product
from django.contrib.auth.models import User
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

MOST = product.DATA_UPLOAD_MAX_MEMORY_SIZE
LARGE = b"x" * (MOST + 1)


@pytest.fixture
def never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a file of a request is read."""

    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr(uploadhandler.MemoryFileUploadHandler, "receive_data_chunk", read)
    monkeypatch.setattr(uploadhandler.TemporaryFileUploadHandler, "receive_data_chunk", read)


@pytest.mark.parametrize("path", ["/login/", "/calls/", "/nowhere/", "/hooks/1/aaaaaaaaaaaaaaaaaaaaaaaa", "/setup/"])
def test_a_large_body_is_refused_at_every_address(client: Client, db: None, never_read: None, path: str) -> None:
    answer = client.post(path, {"file": SimpleUploadedFile("a.csv", LARGE)})
    assert answer.status_code == 413
    assert b"Go back, shorten the text" in answer.content


def test_an_upload_is_read_only_of_a_person_who_may_make_it(
    client: Client, admin_person: User, caller: User, never_read: None
) -> None:
    address = reverse("import-new")

    def send() -> Any:
        return client.post(address, {"file": SimpleUploadedFile("a.csv", LARGE)})

    assert send()["Location"] == f"/login/?next={address}"
    client.force_login(admin_person)
    assert send().status_code == 403
    client.force_login(caller)
    with pytest.raises(AssertionError, match="was read"):
        send()


def test_a_body_of_unknown_length_is_refused(client: Client, db: None) -> None:
    answer = client.generic("POST", "/login/", b"", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("path", "status"), [("/help/?q=a%00b", 400), ("/help/a%00b/", 400), ("/help/?q=a%2500b", 200)]
)
def test_a_nul_byte_in_an_address_is_refused(client: Client, caller: User, path: str, status: int) -> None:
    client.force_login(caller)
    assert client.get(path).status_code == status


def test_a_nul_byte_in_a_form_is_refused(client: Client, caller: User) -> None:
    client.force_login(caller)
    assert client.post(reverse("stop-all"), {"reason": "a\0b"}).status_code == 400


def test_a_key_beyond_64_bits_is_that_of_no_row(client: Client, manager: User) -> None:
    client.force_login(manager)
    assert client.post(f"/people/{2**63}/take-apart/1/").status_code == 404


def test_a_blank_name_of_a_field_is_refused_in_set_up(client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    address = f"/setup/auth/user/{admin_person.pk}/change/"
    assert client.get(address).status_code == 200
    assert client.get(address, {"_to_field": ""}).status_code == 400
    assert client.post(address, {"_to_field": ""}).status_code == 400
