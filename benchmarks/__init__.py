"""What the design costs, as a ratio against a named baseline in the same run; see README.md."""
