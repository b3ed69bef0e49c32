"""What of a file is saved, taken back and forgotten."""
