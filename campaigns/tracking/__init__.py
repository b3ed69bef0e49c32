"""What learns: reads states back, takes webhooks, settles unknown calls, compares lists, raises alerts."""
