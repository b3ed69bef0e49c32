"""What one cell says: numbers, yes or no, consent, dates."""
