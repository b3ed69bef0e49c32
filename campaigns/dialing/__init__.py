"""Dialing: reserves due calls, takes them through the commit point, sends orders, and writes the vendors' answers.

Parameters that mean the same in every module here: `now` is the database's clock at the beginning of a step; `token`
is the id of the dispatch slice, which owns the leases of its providers and of the calls that it reserved; `ids` are
ids of our calls.
"""
