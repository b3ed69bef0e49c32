"""Views of one call, the call log and Quick call."""
