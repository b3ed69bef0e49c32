"""The recording of every call: the same short tone."""

from __future__ import annotations

import io
import math
import struct
import wave

RATE = 8000


def tone(seconds: float = 1.5, hertz: float = 440.0) -> bytes:
    """Return a WAV file (mono, 16 bit, 8 kHz) with a tone that fades in and out."""
    count = int(RATE * seconds)
    fade = RATE // 20
    frames = bytearray()
    for index in range(count):
        volume = 0.3 * min(1.0, index / fade, (count - index) / fade)
        frames += struct.pack("<h", int(32767 * volume * math.sin(2 * math.pi * hertz * index / RATE)))
    with io.BytesIO() as buffer:
        with wave.open(buffer, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(bytes(frames))
        return buffer.getvalue()
