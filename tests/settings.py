"""Settings of the tests: the product's own, with a fixed environment so that no .env of the machine leaks in."""

import os
from pathlib import Path

# SQLite and no Redis, unless TEST_DATABASE_URL or TEST_REDIS_URL name others (`.ci/services` does).
engine = "engines" if os.environ.get("TEST_DATABASE_URL") else "sqlite"
worker = os.environ.get("PYTEST_XDIST_WORKER", "")
os.environ.update(
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", ""),
    DATABASE_HOST="",
    REDIS_URL=os.environ.get("TEST_REDIS_URL", ""),
    # Runs that go on side by side have a folder each.
    VAR_DIR=str(Path(__file__).resolve().parent.parent / "var" / "tests" / f"{engine}{worker}"),
    DEMO="off",
    TIME_SCALE="1",
    EMAIL_URL="",
    PUBLIC_URL="",
    ENV_FILE=os.devnull,
    SECRET_KEY="tests-only-secret-key-that-is-long-enough-to-pass-the-checks-0123456789",
    FIELD_KEYS="oXuMlsamqFHr_j8FO41cOGdHPhir76XSR7_K0ekP_fE=",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DEBUG="on",
    HTTPS="off",
    LOG_LEVEL="WARNING",
)
os.environ.setdefault("SANDBOX_ORIGIN", "http://127.0.0.1:18100")
if os.environ["REDIS_URL"] and worker:
    # Parallel runs share one Redis server: each takes a database of its own there.
    os.environ["REDIS_URL"] += "/" + str(int(worker.removeprefix("gw")) + 1)

from callcenter.settings import *  # noqa: E402, F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = False
# A test that is about something else runs at whatever hour; one that is about calling hours sets its own.
SINGLE_CALL_HOURS = "00:00-00:00"
AUDIT_IS_STRICT = True
AUDIT_HEAD_FILE = None
# WhiteNoise warns of a folder that is not there.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
