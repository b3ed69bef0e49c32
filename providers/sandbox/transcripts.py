"""Transcripts: a few plausible turns, built from the call's variables."""

from __future__ import annotations

from typing import NamedTuple

from providers.sandbox.engine import SimulatedCall, hash_of

NAME_KEYS = ("name", "first_name", "customer_name", "full_name")

_MIDDLES = (
    (
        ("person", "Yes, speaking."),
        ("agent", "We only want to confirm your appointment tomorrow at ten."),
        ("person", "Ten is fine."),
    ),
    (
        ("person", "Who is calling?"),
        ("agent", "The service desk. Were you happy with your last order?"),
        ("person", "Yes, all good."),
    ),
    (
        ("person", "I have a minute."),
        ("agent", "Your parcel comes this afternoon. Will you be in?"),
        ("person", "After four, please."),
    ),
    (
        ("person", "Can you say that again?"),
        ("agent", "Of course: the office is closed on Friday."),
        ("person", "Thank you for telling me."),
    ),
)


class Said(NamedTuple):
    """One turn: who ("agent" or "person"), what, and how many milliseconds into the conversation."""

    speaker: str
    text: str
    at_ms: int


def turns_of(call: SimulatedCall, now: float) -> list[Said]:
    """Return the turns so far; none where nobody has talked."""
    seconds = call.talk_seconds(now)
    if seconds <= 0:
        return []
    name = next((str(call.variables[key]) for key in NAME_KEYS if call.variables.get(key)), "")
    greeting = f"Hello {name}, this is a short call." if name else "Hello, this is a short call."
    if call.script.answered_by == "machine":
        lines: tuple[tuple[str, str], ...] = (
            ("person", "I cannot take your call. Please leave a message after the tone."),
            ("agent", "We will try again another time. Goodbye."),
        )
    elif call.script.refuses_calls:
        lines = (
            ("agent", greeting),
            ("person", "Please do not call me again."),
            ("agent", "I am sorry. We will not call again. Goodbye."),
        )
    else:
        middle = _MIDDLES[hash_of(call.to_number) % len(_MIDDLES)]
        lines = (("agent", greeting), *middle, ("agent", "Thank you, goodbye."))
    step = seconds * 1000 // len(lines)
    return [Said(speaker, text, index * step) for index, (speaker, text) in enumerate(lines)]


def summary_of(call: SimulatedCall) -> str:
    """Return one sentence on the conversation; empty where there was none."""
    if not call.script.answered_by:
        return ""
    if call.script.answered_by == "machine":
        return "A voicemail answered."
    if call.script.refuses_calls:
        return "The person asked not to be called again."
    return "The person answered and agreed."
