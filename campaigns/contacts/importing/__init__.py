"""Import of people from a file: upload, column mapping, check, saving, undo."""
