"""Answers as data: the questions of a campaign, what each call answered, typed, and what the campaign found out.

`typed` reads one answer, strictly; `reading` and `waiting` do it for calls; nothing that cannot be read is guessed.
"""
