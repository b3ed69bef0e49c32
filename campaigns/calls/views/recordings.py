"""Views of a call's recording: the player, and the audio served by our own server."""

from __future__ import annotations

import re
from typing import IO

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from callcenter.access.roles import needs
from campaigns.calls import recordings
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Call

CHUNK = 64 * 1024
"""Bytes of a recording that are read and sent in one piece."""


@require_safe
@needs("hear_calls")
def player(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch the recording and return the player, or the sentence that says why there is none."""
    call = _heard_call(request, pk)
    try:
        recordings.open_recording(call, request.user).close()
    except recordings.RecordingRefusal as problem:
        return render(request, "calls/_player.html", {"call": call, "problem": str(problem)})
    return render(request, "calls/_player.html", {"call": call, "is_ready": True})


@require_safe
@needs("hear_calls")
def recording(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return the audio of a call, whole (200) or the range that the browser asks for (206, 416)."""
    call = _heard_call(request, pk)
    try:
        sound = recordings.open_recording(call, request.user)
    except recordings.RecordingRefusal as problem:
        if request.headers.get("Sec-Fetch-Dest") == "document":
            messages.error(request, str(problem))
            return redirect("call", pk)
        return HttpResponse(str(problem), status=502, content_type="text/plain; charset=utf-8")
    return audio_of(request, pk, sound)


def audio_of(request: HttpRequest, pk: int, sound: recordings.Sound) -> HttpResponseBase:
    """Return an open recording as a response: whole, or the range that is asked for."""
    response = _part(request, sound)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store, private"
    response["Content-Disposition"] = f'inline; filename="call-{pk}{sound.suffix}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _heard_call(request: HttpRequest, pk: int) -> Call:
    calls = heard_by(request.user, seen_by(request.user, Call.objects.all())).select_related(
        "provider", "agent", "caller_id"
    )
    return get_object_or_404(calls, pk=pk)


def _part(request: HttpRequest, sound: recordings.Sound) -> HttpResponseBase:
    asked = re.fullmatch(r"bytes=(\d{0,12})-(\d{0,12})", request.headers.get("Range", "").strip())
    if asked is None or not (asked[1] or asked[2]):
        whole = FileResponse(sound.file, content_type=sound.content_type)
        whole["Content-Length"] = str(sound.size)
        return whole
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or sound.size - 1), sound.size - 1)
    else:
        first, last = max(sound.size - int(asked[2]), 0), sound.size - 1
    if first > last:
        sound.close()
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{sound.size}"
        return refused
    sound.file.seek(first)
    part = StreamingHttpResponse(_Chunks(sound.file, last - first + 1), status=206, content_type=sound.content_type)
    part["Content-Range"] = f"bytes {first}-{last}/{sound.size}"
    part["Content-Length"] = str(last - first + 1)
    return part


class _Chunks:
    """An iterator over the next `left` bytes of a file, which is closed with the response."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def __iter__(self) -> _Chunks:
        return self

    def __next__(self) -> bytes:
        chunk = self._file.read(min(CHUNK, self._left))
        if not chunk:
            raise StopIteration
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Close the file."""
        self._file.close()
