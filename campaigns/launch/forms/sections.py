"""The sections of the builder."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise

Sentence = str | Promise


@dataclass(frozen=True, slots=True)
class FormSection:
    """One section of the builder, and what it still lacks."""

    slug: str
    title: Sentence
    missing: Sentence
    """What is still to be filled in; empty if the section is complete."""
