"""The tables of the first release, by subject; the one migration that makes them is `0001_squashed_...`.

Columns stand in the order in which installations of before the release have them, so that both are the same.
"""
