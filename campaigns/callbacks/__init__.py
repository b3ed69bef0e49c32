"""Calls at a time that people asked for."""
