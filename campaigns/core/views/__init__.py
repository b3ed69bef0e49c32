"""Helpers for all views, and the views of stop-all."""
