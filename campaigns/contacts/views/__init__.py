"""Views of people, lists, the do-not-call list and imports."""
