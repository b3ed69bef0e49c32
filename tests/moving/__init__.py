"""A move from SQLite to PostgreSQL brings every row along as it was, or nothing at all."""
