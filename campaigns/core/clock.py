"""The clocks as the rooms of campaigns know them; `providers` tells the time, because its reads need it as well."""

from providers.clock import DatabaseClock, boottime, seconds, span

__all__ = ["DatabaseClock", "boottime", "seconds", "span"]
