"""The states of a provider, the strongest first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ProviderState(models.TextChoices):
    """The states of a provider; where several hold, the first one listed here is shown."""

    OFF = "off", _("Turned off")
    HALTED = "halted", _("Paused")
    FROZEN = "frozen", _("On hold")
    COMPARING = "comparing", _("Comparing calls")
    PAUSED = "paused", _("Paused after errors")
    SLOWED = "slowed", _("Slowed by provider")
    FAILING = "failing", _("Last request failed")
    READY = "ready", _("Working")
    UNTESTED = "untested", _("Not tested yet")

    @property
    def is_stop(self) -> bool:
        """Whether no call is placed in this state until it is ended."""
        return self in STOPS


STOPS = frozenset(
    {
        ProviderState.OFF,
        ProviderState.HALTED,
        ProviderState.FROZEN,
        ProviderState.COMPARING,
        ProviderState.PAUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with its sentence and the next step; both are empty where all is well."""

    state: ProviderState
    sentence: str | Promise = ""
    step: str | Promise = ""
