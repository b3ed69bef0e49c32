"""From a row to a person, and what will become of it."""
