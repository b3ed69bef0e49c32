"""Recordings: fetches the audio of a call from the vendor on demand, and caches it in files for some minutes.

Vendors' URLs expire and some need our API key, so a browser is never redirected there. The cache serves the repeated
range requests of a player.
"""

from __future__ import annotations

import datetime
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.audit.models import AuditEvent, record
from campaigns.core.handles import handle_of
from campaigns.core.refusals import Refusal
from campaigns.models import Call
from providers import opening
from providers.exceptions import (
    AccountProblem,
    NoReadLeft,
    NotSent,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnusable,
    RecordingHostRefused,
)
from providers.models import Provider
from providers.types import Exchange, Recording
from providers.wording import refusal_words

KEPT_FILES = 12
"""Recordings in the cache."""
KEPT_BYTES = 200 * 1024 * 1024
"""Bytes of the cache."""
KEPT_SECONDS = 10 * 60
"""How long a recording stays in the cache."""
HEARD_AGAIN = datetime.timedelta(minutes=10)
"""Requests of one user for one recording within this time count as one in the audit log."""

SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/webm": ".webm",
    "audio/flac": ".flac",
}
"""Content types that are served, with their file suffixes; nothing else is sent to a browser."""
SAME_AS = {
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "audio/opus": "audio/ogg",
}

_lock = threading.Lock()
_fetching: set[Any] = set()
"""Users for whom this process is fetching a recording."""


class RecordingRefusal(Refusal):
    """Raised when a recording cannot be played now; the message is a sentence for the user."""


@dataclass(slots=True)
class Sound:
    """An open recording: the caller must close it."""

    file: IO[bytes]
    size: int
    content_type: str

    @property
    def suffix(self) -> str:
        """The suffix of its file name."""
        return SUFFIXES[self.content_type]

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def open_recording(call: Call, person: Person) -> Sound:
    """Open the recording of a call, from the cache or from the vendor by a fresh URL, and write an audit event.

    `call` should be loaded with its provider, agent and caller ID. Must not run inside a transaction, because it makes
    HTTP requests. Raises RecordingRefusal.
    """
    sound = _kept(call.pk)
    if sound is None:
        with _one_fetch(person):
            _keep(call.pk, _fetched(call))
        sound = _kept(call.pk)
        if sound is None:
            raise RecordingRefusal(
                _("The recording cannot be saved on this server. Its disk may be full. Tell an admin.")
            )
    _audit(call, person)
    return sound


@contextmanager
def _one_fetch(person: Person) -> Iterator[None]:
    """Let a user fetch one recording at a time in this process: a vendor may take long. Raises RecordingRefusal."""
    with _lock:
        if person.pk in _fetching:
            raise RecordingRefusal(_("Another recording is being fetched for you. Wait for it, then try again."))
        _fetching.add(person.pk)
    try:
        yield
    finally:
        with _lock:
            _fetching.discard(person.pk)


def content_type_of(sound: Recording) -> str:
    """Return the content type of a recording, by its first bytes. Raises RecordingRefusal if it is not audio."""
    head = sound.content[:16]
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    for magic, found in ((b"ID3", "audio/mpeg"), (b"OggS", "audio/ogg"), (b"fLaC", "audio/flac")):
        if head.startswith(magic):
            return found
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "audio/webm"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else "audio/mpeg"
    said = sound.content_type.partition(";")[0].strip().lower()
    said = SAME_AS.get(said, said)
    # HTML or JSON is not audio, whatever content type the vendor declared.
    if said not in SUFFIXES or head.lstrip()[:1] in {b"<", b"{", b"["}:
        raise RecordingRefusal(_("The file from the provider cannot be played."))
    return said


def _fetched(call: Call) -> Recording:
    if not call.remote_id or not call.provider.backend_class.supports_recording:
        raise RecordingRefusal(_("This call has no recording."))
    vendor = {"vendor": call.provider.backend_class.label}
    passed: list[Exchange] = []
    try:
        return opening.open_backend(call.provider, passed.append, is_person=True).fetch_recording(handle_of(call))
    except NoReadLeft:
        raise RecordingRefusal(
            _("Too many requests to %(vendor)s in the last minute. Try again soon.") % vendor
        ) from None
    except NotSent:
        raise RecordingRefusal(_("%(vendor)s could not be reached. Try again in a minute.") % vendor) from None
    except AccountProblem:
        raise RecordingRefusal(
            _("%(vendor)s rejected our account. An admin must check the key under Providers.") % vendor
        ) from None
    except ProviderMisconfigured as error:
        if isinstance(error, ProviderUnusable):
            Provider.objects.halt_for(call.provider_id, error)
        raise RecordingRefusal(refusal_words(error, vendor["vendor"])) from None
    except RecordingHostRefused as error:
        Provider.objects.note_recording_host(call.provider_id, error.host)
        raise RecordingRefusal(
            _("The recording is on %(host)s, which is not allowed yet. An admin can allow it under Providers.")
            % {"host": error.host}
        ) from None
    except ProviderError as error:
        raise RecordingRefusal(
            _("%(vendor)s did not return the recording: %(why)s Try again later.") % {**vendor, "why": error.message}
        ) from None
    finally:
        for exchange in passed:
            Provider.objects.note_exchange(
                call.provider_id,
                what="fetch_recording",
                method=exchange.method,
                path=exchange.path,
                http_status=exchange.http_status,
                duration_ms=exchange.duration_ms,
                error=exchange.error,
                reference=call.reference,
                secrets=exchange.secrets,
            )


def _audit(call: Call, person: Person) -> None:
    lately = AuditEvent.objects.filter(
        object_type="call",
        object_id=str(call.pk),
        action="call.recording_played",
        actor_id=person.pk,
        at__gt=timezone.now() - HEARD_AGAIN,
    )
    if not lately.exists():
        record(person, "call.recording_played", call)


# The files


def _folder() -> Path:
    folder = Path(settings.VAR_DIR) / "recordings"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _kept(call_id: int) -> Sound | None:
    for content_type, suffix in SUFFIXES.items():
        path = _folder() / f"{call_id}{suffix}"
        try:
            file = path.open("rb")
        except OSError:
            continue
        found = os.fstat(file.fileno())
        if time.time() - found.st_mtime <= KEPT_SECONDS:
            return Sound(file, found.st_size, content_type)
        file.close()
    return None


def _keep(call_id: int, sound: Recording) -> None:
    content_type = content_type_of(sound)
    folder = _folder()
    _forget_old(folder, len(sound.content))
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="new-", delete=False) as file:
            file.write(sound.content)
        Path(file.name).replace(folder / f"{call_id}{SUFFIXES[content_type]}")
    except OSError:
        return


def _forget_old(folder: Path, coming: int) -> None:
    """Delete expired files, then the oldest until `coming` bytes fit; open files can still be read."""
    found = []
    for path in folder.iterdir():
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((stat.st_mtime, stat.st_size, path))
    found.sort(reverse=True)
    room, now = KEPT_BYTES - coming, time.time()
    for place, (written, size, path) in enumerate(found):
        room -= size
        if now - written > KEPT_SECONDS or place >= KEPT_FILES - 1 or room < 0:
            path.unlink(missing_ok=True)


def forget_recording(call_id: int) -> None:
    """Delete the recording of one call from the cache of this host."""
    for suffix in SUFFIXES.values():
        (_folder() / f"{call_id}{suffix}").unlink(missing_ok=True)


def forget_recordings() -> None:
    """Delete expired recordings from the cache."""
    _forget_old(_folder(), 0)
