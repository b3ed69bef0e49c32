"""One call and the call log."""
