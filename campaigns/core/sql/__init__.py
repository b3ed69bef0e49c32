"""Statements that the ORM is too slow for: many rows at once, locks and queries that are built once."""
