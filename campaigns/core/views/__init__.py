"""What every screen shares, and the stop-all button."""
