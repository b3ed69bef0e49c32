"""Settings of the tests: the product's own, with a fixed environment so that no .env of the machine leaks in."""

import os

os.environ.update(
    ENV_FILE=os.devnull,
    SECRET_KEY="tests-only-secret-key-that-is-long-enough-to-pass-the-checks-0123456789",
    FIELD_KEYS="oXuMlsamqFHr_j8FO41cOGdHPhir76XSR7_K0ekP_fE=",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DEBUG="on",
    HTTPS="off",
    LOG_LEVEL="WARNING",
)
os.environ.setdefault("SANDBOX_ORIGIN", "http://127.0.0.1:18100")

from callcenter.settings import *  # noqa: F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = False
AXES_ENABLED = False
