"""STORAGE_URL: read as it is meant, or refused in a sentence without the secret."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from callcenter.storage import LOCAL, storage_of


def test_nothing_is_the_folder() -> None:
    assert storage_of("", is_production=True) == LOCAL


def test_every_part_is_read() -> None:
    url = "s3://AK%2FID:p%40ss%3A%2F%23@s3.example.org:9000/bucket/a/folder?region=eu-1"
    options = storage_of(url, is_production=True)["OPTIONS"]
    assert options["access_key"] == "AK/ID"
    assert options["secret_key"] == "p@ss:/#"
    assert options["endpoint_url"] == "https://s3.example.org:9000"
    assert (options["bucket_name"], options["location"], options["region_name"]) == ("bucket", "a/folder", "eu-1")


def test_an_address_of_ipv6_keeps_its_brackets() -> None:
    options = storage_of("s3://k:s@[::1]:9000/b?tls=off", is_production=False)["OPTIONS"]
    assert options["endpoint_url"] == "http://[::1]:9000"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://k:s3cr3t@host/bucket",
        "s3://host/bucket",
        "s3://k:s3cr3t@host",
        "s3://k:s3cr3t@host:port/bucket",
        "s3://k:s3cr3t@host/bucket?acl=public",
        "s3://k:s3cr3t@host/bucket?tls=off",
    ],
)
def test_rubbish_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL") as caught:
        storage_of(url, is_production=True)
    assert "s3cr3t" not in str(caught.value)
