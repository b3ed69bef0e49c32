"""Screens of callbacks."""
