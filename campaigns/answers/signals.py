"""Tells rooms above that answers of calls have changed, in the transaction that changed them."""

from __future__ import annotations

from django.dispatch import Signal

answers_changed = Signal()
"""Sent with `calls`: the ids of calls of which an answer was written, changed or removed; their rows are locked."""
