"""What a file is, and its rows as text."""
