"""Generates months of synthetic history, to try speed and reports: people, lists, campaigns and finished calls.

Parameters that mean the same in every module here: `chance` is the seeded random generator, so that the same seed gives
the same history; `until` is the end of the history (a time, or in `plan` and `drafts` epoch seconds); `loader` writes
rows; `tell` prints progress.
"""
