"""The clocks, re-exported from `providers.clock`, where they are defined because `providers` needs them too."""

from providers.clock import DatabaseClock, boottime, seconds, span

__all__ = ["DatabaseClock", "boottime", "seconds", "span"]
