"""The clocks, re-exported from `providers.clock`, where they are defined because `providers` needs them too."""

from providers.clock import APART, DatabaseClock, boottime, has_passed, is_ahead, seconds, span, still_holds

__all__ = ["APART", "DatabaseClock", "boottime", "has_passed", "is_ahead", "seconds", "span", "still_holds"]
