"""Retention, erasure, and what is held about one person."""
