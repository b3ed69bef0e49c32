"""How the web server is started: what holds for all ways to start it stands in gunicorn.conf.py."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

from django.conf import settings

ROOT = settings.BASE_DIR


def test_whoever_asks_again_closes_a_connection_before_the_web_server_does() -> None:
    """A request that meets a connection just being closed fails, unless whoever sent it dares to send it again."""
    kept = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["keepalive"]
    by_proxy = re.search(r"\bkeepalive (\d+)s", (ROOT / "deploy" / "Caddyfile").read_text())
    assert by_proxy
    assert kept > int(by_proxy[1])
    pages = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    every = [int(found) for text in pages for found in re.findall(r"hx-trigger=\"every (\d+)s", text)]
    assert every
    assert kept > max(every)


def test_gunicorn_reads_it_where_the_product_starts_it() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "callcenter.wsgi"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert re.search(r"^keepalive\s+= 75$", said.stdout, re.MULTILINE), said.stdout + said.stderr


def test_every_place_that_starts_it_stands_in_the_folder_of_that_file() -> None:
    unit = (ROOT / "deploy" / "systemd" / "callcenter-web.service").read_text()
    assert "WorkingDirectory=/opt/callcenter" in unit
    image = (ROOT / "Dockerfile").read_text()
    assert image.rindex("WORKDIR /app") < image.index('CMD ["gunicorn"')
