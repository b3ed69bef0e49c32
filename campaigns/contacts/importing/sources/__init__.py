"""Addresses from which an import is repeated: kept, read when due, imported when changed."""
