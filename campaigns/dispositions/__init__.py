"""Dispositions: what came of calls in words of one's own, set by people or by rules, and what follows on them."""
