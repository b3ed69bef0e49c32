"""People, lists and the do-not-call list."""
