"""The file of a backup: a gzipped tar, encrypted with age (https://age-encryption.org/v1) where a recipient is given.

Its last member, the manifest, names every other with its SHA-256: a file that was cut anywhere lacks it, or has another
content than it says. So a file is read to its end before anything is changed.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from campaigns.core.refusals import Refusal

MANIFEST = "manifest.json"
FORMAT = 1
AGE = b"age-encryption.org/"
BLOCK = 1 << 20
RUBBISH = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, KeyError, TypeError)
"""What Python raises for a file that is no backup or was cut."""


def write(
    target: Path,
    parts: Mapping[str, Path],
    about: Mapping[str, Any],
    recipient: str = "",
    optional: Collection[str] = (),
) -> int:
    """Write a backup and return its size in bytes; the file is there only once it is whole, readable by its owner.

    `parts` are files by their name in it, of which those named in `optional` may be gone by now; `about` goes into the
    manifest, and `recipient` is a public key of age.
    Raises Refusal where the file exists, the key is none, or the disk refuses.
    """
    if target.exists():
        raise Refusal(f"{target} is there already, and no backup is overwritten. Choose another name.")
    key = _recipient(recipient) if recipient else None
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".backup-")
    except OSError as error:
        raise Refusal(f"{target.parent} cannot be written ({error.strerror}). Choose another folder.") from error
    try:
        with os.fdopen(descriptor, "wb") as out:
            with _encrypted(out, key) as stream:
                _pack(stream, parts, about, optional)
            out.flush()
            os.fsync(out.fileno())
        size = Path(name).stat().st_size
        os.replace(name, target)
    except OSError as error:
        raise Refusal(
            f"{target} could not be written ({error.strerror or error}). Make room, then repeat it."
        ) from error
    finally:
        Path(name).unlink(missing_ok=True)
    return size


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise Refusal(
            "The recipient is no public key of age: it begins with age1. Make one: manage.py backup --new-key"
        ) from error


@contextlib.contextmanager
def _encrypted(out: BinaryIO, key: pyrage.x25519.Recipient | None) -> Iterator[BinaryIO]:
    """Context manager: a stream to write to, which ends encrypted in `out` where there is a key."""
    if key is None:
        yield out
        return
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(reading, "rb") as source:
            try:
                pyrage.encrypt_io(source, out, [key])
            except BaseException as error:
                failures.append(error)
                shutil.copyfileobj(source, io.BytesIO())  # else the other side would wait for ever

    running = threading.Thread(target=encrypt, daemon=True)
    running.start()
    try:
        with os.fdopen(writing, "wb") as stream:
            yield stream
    finally:
        running.join()
    if failures:
        raise OSError(0, f"the encryption failed: {failures[0]}")


def _pack(
    stream: BinaryIO, parts: Mapping[str, Path], about: Mapping[str, Any], optional: Collection[str] = ()
) -> None:
    sums = {}
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=3) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        for name, path in parts.items():
            try:
                source = path.open("rb")
            except FileNotFoundError:
                if name in optional:
                    continue  # an old upload or export may be removed while we write
                raise
            with source:
                sums[name] = _add(tar, name, source)
        manifest = json.dumps({"format": FORMAT, **about, "parts": sums}, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(manifest)
        tar.addfile(entry, io.BytesIO(manifest))


class _Hashed:
    """A file that hashes what is read of it: what is packed is what is summed, also where the file grows meanwhile."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read, and add what was read to the sum."""
        content = self._source.read(size)
        self.sum.update(content)
        return content


def _add(tar: tarfile.TarFile, name: str, source: BinaryIO) -> str:
    """Add a file as long as it is now, and return the SHA-256 of what was added."""
    entry = tar.gettarinfo(arcname=name, fileobj=source)
    hashed = _Hashed(source)
    tar.addfile(entry, hashed)
    return hashed.sum.hexdigest()


@contextlib.contextmanager
def unpacked(source: Path, workplace: Path, identity: Path | None = None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Context manager: the folder with a backup's parts, below `workplace`, and its manifest; gone afterwards.

    `identity` is the file with age's private key. Raises Refusal where the file is no whole backup or stays encrypted.
    """
    with tempfile.TemporaryDirectory(dir=workplace, prefix=".restore-") as place:
        folder = Path(place) / "parts"
        folder.mkdir()
        try:
            with source.open("rb") as file:
                is_encrypted = file.read(len(AGE)) == AGE
        except OSError as error:
            raise Refusal(f"{source} cannot be read ({error.strerror}). Nothing was changed.") from error
        plain = _decrypted(source, Path(place) / "plain", identity) if is_encrypted else source
        try:
            with tarfile.open(plain, "r|gz") as tar:
                tar.extractall(folder, filter="data")
            about = json.loads((folder / MANIFEST).read_text())
            is_whole = about["format"] == FORMAT and all(
                _sum_of(folder / name) == wanted for name, wanted in about["parts"].items()
            )
        except RUBBISH as error:
            raise Refusal(
                f"{source} is no whole backup ({type(error).__name__}). Nothing was changed; take another one."
            ) from error
        if not is_whole:
            raise Refusal(f"{source} is not as it was written. Nothing was changed; take another one.")
        yield folder, about


def _decrypted(source: Path, target: Path, identity: Path | None) -> Path:
    if identity is None:
        raise Refusal(f"{source} is encrypted. Nothing was changed; name the file with the key: --identity FILE")
    try:
        lines = [line.strip() for line in identity.read_text().splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        with source.open("rb") as encrypted, target.open("wb") as plain:
            pyrage.decrypt_io(encrypted, plain, keys)
    except (pyrage.DecryptError, pyrage.IdentityError, OSError, ValueError) as error:
        raise Refusal(
            f"{source} cannot be decrypted with {identity}. Nothing was changed; it was cut, or another key is needed."
        ) from error
    return target


def _sum_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def new_key() -> tuple[str, str]:
    """Return a new private key of age and its recipient."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())
