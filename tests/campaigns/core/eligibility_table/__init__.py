"""The table of who may be called now: the world it plays in, its cases, and everybody who is asked."""
