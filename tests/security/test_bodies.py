"""No address reads a large body, but those of uploads of a person who may make them."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files import uploadhandler
from django.urls import resolve

from callcenter.access.rights import RIGHTS
from callcenter.monitoring.urls import PATHS
from tests.security.addresses import EVERYBODY, PEOPLE, PUBLIC, Browsers, addresses

UPLOADS = {"import-new", "do-not-call-import"}
LARGE = b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)


def test_every_address_refuses_a_large_body_unread(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr(uploadhandler.MemoryFileUploadHandler, "receive_data_chunk", read)
    monkeypatch.setattr(uploadhandler.TemporaryFileUploadHandler, "receive_data_chunk", read)
    browsers, found = Browsers(), addresses()
    roles_of = {row.code: row.roles for row in RIGHTS}
    wrong = []
    for address in found:
        view = resolve(address.path).func
        is_upload = getattr(view, "takes_upload", False)
        assert is_upload == (address.name in UPLOADS), address
        for role in PEOPLE if is_upload else (PUBLIC, EVERYBODY):
            expected = 405 if address.path in PATHS else 413
            if is_upload:
                may = role == EVERYBODY or role in roles_of[view.needs_right]
                expected = 302 if role == PUBLIC else 200 if may else 403
            answer = browsers.clients[role].generic("POST", address.path, LARGE, content_type="text/plain")
            if answer.status_code != expected:
                wrong.append(f"{address.name} for {role}: {answer.status_code}, not {expected}")
    assert not wrong, "\n".join(wrong)
    assert {address.name for address in found} >= UPLOADS
