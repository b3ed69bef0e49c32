"""Where a provider stands: the states it can be in, the strongest first, and what each means."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ProviderState(models.TextChoices):
    """Names where a provider stands; one that is stopped and slowed shows the stop."""

    OFF = "off", _("Switched off")
    HALTED = "halted", _("Halted")
    FROZEN = "frozen", _("Frozen")
    PAUSED = "paused", _("Paused by failures")
    SLOWED = "slowed", _("Slowed by the vendor")
    FAILING = "failing", _("Last request failed")
    READY = "ready", _("Working")
    UNTESTED = "untested", _("Not tested yet")

    @property
    def is_stop(self) -> bool:
        """Tell whether nothing is called in this state until something or somebody ends it."""
        return self in STOPS


STOPS = frozenset({ProviderState.OFF, ProviderState.HALTED, ProviderState.FROZEN, ProviderState.PAUSED})


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with its sentence and what is done about it; both empty where all is well."""

    state: ProviderState
    sentence: str | Promise = ""
    step: str | Promise = ""
