"""Backups: one file that holds the database, the storage and the names of the settings, and its way back."""
