"""A finding: what a check of the installation saw, in words, with the next step where something is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; a note is for information, a problem needs a person to act."""

    level: Literal["ok", "note", "problem"]
    subject: str
    sentence: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as a JSON-ready dict."""
        return asdict(self)


def ok(subject: str, sentence: str) -> Finding:
    return Finding("ok", subject, sentence)


def note(subject: str, sentence: str, next_step: str = "") -> Finding:
    return Finding("note", subject, sentence, next_step)


def problem(subject: str, sentence: str, next_step: str) -> Finding:
    return Finding("problem", subject, sentence, next_step)
