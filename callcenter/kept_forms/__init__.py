"""Typed work survives the end of a session: a form that could not be taken is shown again, filled, after the log-in."""
