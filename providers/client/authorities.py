"""The certificate authorities that are trusted, certifi's and the system's, in one file."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path
from tempfile import mkstemp

import certifi


@cache
def authorities_file() -> str:
    """Return the file's path. A file, not a folder: libcurl caches a file but reads a folder for each connection."""
    system = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR name others
    files = [Path(system.cafile)] if system.cafile else Path(system.capath or os.devnull).glob("*.pem")
    # In memory: it has no path that another program could replace, leaves nothing on disk, and forks inherit it.
    number, path = (os.memfd_create("authorities"), "") if hasattr(os, "memfd_create") else mkstemp()
    with os.fdopen(number, "wb", closefd=False) as file:
        file.write(b"\n".join(each.read_bytes() for each in [Path(certifi.where()), *files]))
    return path or f"/proc/self/fd/{number}"
