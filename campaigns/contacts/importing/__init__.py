"""Takes a file of people into a list: read, map, check, save, undo."""
