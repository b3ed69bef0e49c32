"""Hearing a call: through our own server, by a fresh address, for those who may, and written down."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from callcenter.audit.models import AuditEvent
from campaigns.calls import recordings
from campaigns.calls.recordings import RecordingRefusal, content_type_of
from campaigns.models import Call
from providers import opening
from providers.exceptions import CredentialsRejected, NotSent, RecordingHostRefused, UnexpectedResponse
from providers.types import CallHandle, Recording
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_provider

Run = Callable[..., None]
SOUND = b"ID3" + bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "recordings"


class Vendor:
    """A vendor whose recordings a test chooses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Recording | Exception = Recording(content=SOUND)
        self.asked = 0
        monkeypatch.setattr(opening, "open_backend", lambda _provider, _note=None, **_more: self)

    def fetch_recording(self, handle: CallHandle) -> Recording:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    return Vendor(monkeypatch)


@pytest.fixture
def call(caller: User) -> Call:
    return make_call(owner=caller, status="completed", rank=90, remote_id="abc", recording_available=True)


def heard(answer: Any) -> bytes:
    """Return the bytes of a response."""
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("slug", ["unleashx", "bolna", "voicy", "vocode"])
def test_every_vendors_recordings_play_through_our_server(
    sandbox: Sandbox, console: Client, caller: User, dial: Run, read_back: Run, slug: str
) -> None:
    provider = sandbox.provider(slug)
    call = make_call(
        provider=provider,
        agent=provider.agent_set.first(),
        caller_id=provider.callerid_set.first(),
        to_number="+989121239901",
        owner=caller,
    )
    dial(2)
    read_back(6)
    call.refresh_from_db()
    assert call.recording_available
    page = console.get(f"/calls/{call.pk}/").content.decode()
    assert "Listen" in page
    assert f"/calls/{call.pk}/player/" in page
    assert "<audio" in console.get(f"/calls/{call.pk}/player/").content.decode()
    answer = console.get(f"/calls/{call.pk}/recording/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert heard(answer)[:4] == b"RIFF"
    assert "fetch_recording" in {line.what for line in provider.exchanges.all()}


def test_the_answer_is_safe_to_play_and_kept_by_no_cache(console: Client, call: Call, vendor: Vendor) -> None:
    answer = console.get(f"/calls/{call.pk}/recording/")
    assert heard(answer) == SOUND
    assert answer["Content-Type"] == "audio/mpeg"
    assert answer["Content-Length"] == str(len(SOUND))
    assert answer["Content-Disposition"] == f'inline; filename="call-{call.pk}.mp3"'
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-", 0, 5122), ("bytes=100-199", 100, 199), ("bytes=5000-99999", 5000, 5122), ("bytes=-23", 5100, 5122)],
)
def test_a_player_may_jump(console: Client, call: Call, vendor: Vendor, asked: str, first: int, last: int) -> None:
    answer = console.get(f"/calls/{call.pk}/recording/", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/5123"
    assert heard(answer) == SOUND[first : last + 1]
    assert answer["Content-Length"] == str(last + 1 - first)


@pytest.mark.parametrize("asked", ["bytes=9999-", "bytes=20-10", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(console: Client, call: Call, vendor: Vendor, asked: str) -> None:
    answer = console.get(f"/calls/{call.pk}/recording/", headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */5123")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=" + "9" * 30 + "-"])
def test_a_range_that_is_none_gets_the_whole(console: Client, call: Call, vendor: Vendor, asked: str) -> None:
    answer = console.get(f"/calls/{call.pk}/recording/", headers={"Range": asked})
    assert answer.status_code == 200
    assert heard(answer) == SOUND


def test_one_listening_is_fetched_once_and_written_down_once(console: Client, call: Call, vendor: Vendor) -> None:
    console.get(f"/calls/{call.pk}/player/")
    for start in (0, 1000, 2000):
        heard(console.get(f"/calls/{call.pk}/recording/", headers={"Range": f"bytes={start}-"}))
    assert vendor.asked == 1
    assert AuditEvent.objects.filter(action="call.recording_played", object_id=str(call.pk)).count() == 1


def test_a_user_has_one_fetched_at_a_time(
    caller: User, manager: User, call: Call, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_call(owner=caller, status="completed", rank=90, remote_id="def", recording_available=True)
    fetch = vendor.fetch_recording
    refused: list[str] = []

    def slow(handle: CallHandle) -> Recording:
        monkeypatch.setattr(vendor, "fetch_recording", fetch)
        try:
            recordings.open_recording(other, caller)
        except RecordingRefusal as problem:
            refused.append(str(problem))
        recordings.open_recording(other, manager).close()
        return fetch(handle)

    monkeypatch.setattr(vendor, "fetch_recording", slow)
    recordings.open_recording(call, caller).close()
    assert refused == ["Another recording is being fetched for you. Wait for it, then try again."]
    assert vendor.asked == 2
    # Nothing is left behind, also of one that failed.
    vendor.answer = NotSent("down")
    third = make_call(owner=caller, status="completed", rank=90, remote_id="ghi", recording_available=True)
    for _time in range(2):
        with pytest.raises(RecordingRefusal, match="could not be reached"):
            recordings.open_recording(third, caller)


def test_it_is_fetched_anew_after_minutes(console: Client, call: Call, vendor: Vendor, own_folder: Path) -> None:
    console.get(f"/calls/{call.pk}/player/")
    old = time.time() - recordings.KEPT_SECONDS - 1
    for path in own_folder.iterdir():
        os.utime(path, (old, old))
    console.get(f"/calls/{call.pk}/player/")
    assert vendor.asked == 2
    for path in own_folder.iterdir():
        os.utime(path, (old, old))
    recordings.forget_recordings()
    assert not list(own_folder.iterdir())


def test_only_few_recordings_are_kept(console: Client, caller: User, vendor: Vendor, own_folder: Path) -> None:
    provider = make_provider()
    for number in range(recordings.KEPT_FILES + 3):
        call = make_call(provider=provider, owner=caller, status="completed", rank=90, remote_id=f"r{number}")
        console.get(f"/calls/{call.pk}/player/")
    assert len(list(own_folder.iterdir())) == recordings.KEPT_FILES
    assert own_folder.stat().st_mode & 0o777 == 0o700


def test_the_kept_bytes_are_bounded(
    console: Client, caller: User, vendor: Vendor, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "KEPT_BYTES", 3 * len(SOUND))
    provider = make_provider()
    for number in range(6):
        call = make_call(provider=provider, owner=caller, status="completed", rank=90, remote_id=f"r{number}")
        console.get(f"/calls/{call.pk}/player/")
    assert len(list(own_folder.iterdir())) <= 3


# Who may


def test_only_those_who_may_hear_and_see_the_call(
    client: Client, caller: User, manager: User, admin_person: User, call: Call, vendor: Vendor
) -> None:
    for name in ("recording", "player"):
        url = f"/calls/{call.pk}/{name}/"
        assert client.get(url).status_code == 302
    others = make_call(owner=manager, status="completed", rank=90, remote_id="xyz", recording_available=True)
    for person, code in ((admin_person, 403), (caller, 404), (manager, 200)):
        client.force_login(person)
        assert client.get(f"/calls/{others.pk}/recording/").status_code == code
        assert client.get(f"/calls/{others.pk}/player/").status_code == code
    assert vendor.asked == 1
    client.force_login(admin_person)
    assert "Listen" not in client.get(f"/calls/{others.pk}/").content.decode()


# What goes wrong


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotSent("no network"), "could not be reached"),
        (UnexpectedResponse("The vendor has no recording of this call."), "has no recording of this call"),
        (CredentialsRejected("dead"), "rejected our account"),
    ],
)
def test_a_failure_is_a_sentence_on_the_page(
    console: Client, call: Call, vendor: Vendor, error: Exception, words: str
) -> None:
    vendor.answer = error
    page = console.get(f"/calls/{call.pk}/player/").content.decode()
    assert words in page
    assert "Try again" in page
    assert "<audio" not in page
    answer = console.get(f"/calls/{call.pk}/recording/")
    assert (answer.status_code, answer["Content-Type"]) == (502, "text/plain; charset=utf-8")
    answer = console.get(f"/calls/{call.pk}/recording/", headers={"Sec-Fetch-Dest": "document"}, follow=True)
    assert words in answer.content.decode()
    assert not AuditEvent.objects.filter(action="call.recording_played").exists()


def test_a_host_that_nobody_allowed_is_offered_to_admins_and_not_asked(
    console: Client, call: Call, vendor: Vendor
) -> None:
    vendor.answer = RecordingHostRefused("files.vendor.example.com")
    page = console.get(f"/calls/{call.pk}/player/").content.decode()
    assert "The recording is on files.vendor.example.com, which is not allowed yet." in page
    call.provider.refresh_from_db()
    assert call.provider.seen_recording_host == "files.vendor.example.com"
    assert call.provider.options.get("recording_hosts") is None


def test_a_vendor_without_recordings_is_not_asked(console: Client, caller: User, vendor: Vendor) -> None:
    call = make_call(provider=make_provider(vendor="bitel"), owner=caller, status="completed", rank=90, remote_id="abc")
    assert "This call has no recording" in console.get(f"/calls/{call.pk}/player/").content.decode()
    assert not vendor.asked


@pytest.mark.parametrize(
    ("head", "said", "served"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/mpeg", "audio/wav"),
        (b"ID3\x03", "audio/x-whatever", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/mpeg", "audio/aac"),
        (b"OggS\x00", "audio/mpeg", "audio/ogg"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mpeg", "audio/mp4"),
        (b"\x1a\x45\xdf\xa3", "audio/mpeg", "audio/webm"),
        (b"fLaC", "audio/mpeg", "audio/flac"),
        (b"\x01\x02\x03", "audio/X-WAV; rate=8000", "audio/wav"),
    ],
)
def test_the_type_is_known_by_the_first_bytes(head: bytes, said: str, served: str) -> None:
    assert content_type_of(Recording(content=head + bytes(100), content_type=said)) == served


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><script>", "audio/mpeg"),
        (b'  {"error": 1}', "audio/mpeg"),
        (b"<svg onload=1>", "audio/svg+xml"),
        (b"\x01\x02\x03", "audio/x-unheard-of"),
        (b"\x01\x02\x03", "text/html"),
    ],
)
def test_what_is_no_sound_reaches_no_browser(
    console: Client, call: Call, vendor: Vendor, content: bytes, said: str
) -> None:
    with pytest.raises(RecordingRefusal):
        content_type_of(Recording(content=content, content_type=said))
    vendor.answer = Recording(content=content, content_type=said)
    assert "cannot be played" in console.get(f"/calls/{call.pk}/player/").content.decode()
