"""Writes small files of people for tests."""

from __future__ import annotations

from pathlib import Path


def write(path: Path, text: str | bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def people_file(path: Path, *numbers: str, titles: str = "name,phone") -> Path:
    """Write a CSV file with a name and a number a row."""
    lines = [titles, *(f"Person {index},{number}" for index, number in enumerate(numbers))]
    return write(path, "\n".join(lines))
