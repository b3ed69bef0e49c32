"""What people fill in, one module a subject."""
