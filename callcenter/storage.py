"""STORAGE_URL: where uploads and exports are kept, as Django's STORAGES setting wants it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
EXAMPLE = "s3://KEY:SECRET@s3.example.org/bucket/folder?region=eu-1"
CONNECT_SECONDS, READ_SECONDS = 5, 30


def storage_of(url: str, *, is_production: bool) -> dict[str, Any]:
    """Return the entry of STORAGES for a STORAGE_URL; an empty one is the folder MEDIA_ROOT.

    `s3://KEY:SECRET@HOST[:PORT]/BUCKET[/FOLDER][?region=…&tls=off]`: key and secret percent-encoded where they hold
    `/ : @ %`; `tls=off` is for development only. Raises ImproperlyConfigured, whose text never holds the secret.
    """
    if not url:
        return LOCAL
    parts = urlsplit(url)
    bucket, _slash, folder = parts.path.strip("/").partition("/")
    if parts.scheme != "s3" or not (parts.hostname and bucket and parts.username and parts.password):
        raise ImproperlyConfigured(f"STORAGE_URL is not of the form {EXAMPLE}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ImproperlyConfigured("STORAGE_URL has a port that is no number.") from None
    asked = parse_qs(parts.query)
    if unknown := asked.keys() - {"region", "tls"}:
        raise ImproperlyConfigured(f"STORAGE_URL has options that do not exist: {', '.join(sorted(unknown))}")
    is_plain = asked.get("tls", ["on"])[0].lower() in {"off", "no", "false", "0"}
    if is_plain and is_production:
        raise ImproperlyConfigured("STORAGE_URL with tls=off is for development only: files would travel in the clear.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    options = {
        "access_key": unquote(parts.username),
        "secret_key": unquote(parts.password),
        "bucket_name": bucket,
        "location": folder,
        "endpoint_url": f"{'http' if is_plain else 'https'}://{host}{port}",
        "region_name": asked.get("region", ["us-east-1"])[0],
        # The names are our own and random; a file that is stored again replaces itself.
        "file_overwrite": True,
        "default_acl": None,
        "querystring_auth": True,
        "addressing_style": "path",
        "client_config": _client_config(),
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def _client_config() -> Any:
    try:
        from botocore.config import Config
    except ImportError:
        raise ImproperlyConfigured("STORAGE_URL needs the extra `s3`: pip install 'callcenter[s3]'") from None
    # Other servers than Amazon's do not know the checksums that newer clients add by themselves.
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 3},
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
