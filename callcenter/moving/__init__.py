"""Moves an installation from SQLite to PostgreSQL: reads the one, fills the other, compares both.

Parameters that mean the same in every module here: `tables` are those that are copied, in the order of their models;
`tell` prints a line of progress.
"""
