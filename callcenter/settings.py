"""All settings, read from the environment (see .env.example); the defaults are those of production."""

from __future__ import annotations

import ipaddress
import socket
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from callcenter import private_files
from callcenter.environment import Environment, read_file
from callcenter.key_strength import faults
from callcenter.logs import logging_settings
from callcenter.sign_in_settings import OpenIdSettings, sign_in_settings
from callcenter.storage import storage_of

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
# `init` writes the keys, so it is the only command that runs without them.
STARTS_WITHOUT_KEYS = len(sys.argv) > 1 and sys.argv[1] == "init"
ENV_FILE = Path(env.str("ENV_FILE", str(BASE_DIR / ".env")))
if ENV_FILE.exists():
    read_file(ENV_FILE)


def required(name: str) -> list[str]:
    """Return a comma-separated setting as a list; raises ImproperlyConfigured with the next step where it is empty."""
    found = [part.strip() for part in str(env.str(name, "")).split(",") if part.strip()]
    if not found and not STARTS_WITHOUT_KEYS:
        raise ImproperlyConfigured(f"{name} is not set. Run `manage.py init` for development, or see .env.example.")
    return found or ["unset-until-init-ran"]


# Who we are
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY = ",".join(required("SECRET_KEY"))
FIELD_KEYS: list[str] = required("FIELD_KEYS")
ALLOWED_HOSTS: list[str] = required("ALLOWED_HOSTS")
HTTPS: bool = env.bool("HTTPS", not DEBUG)
PUBLIC_URL: str = env.str("PUBLIC_URL", "").rstrip("/")
DEMO: bool = env.bool("DEMO", False)
WEB_PORT: int = env.int("WEB_PORT", 8000)
"""Where `manage.py up` serves the screens."""
private_files.begin(sys.argv)
VAR_DIR = Path(env.str("VAR_DIR", "") or BASE_DIR / "var").absolute()
try:
    VAR_DIR.mkdir(parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"VAR_DIR={VAR_DIR} cannot be made ({error.strerror}). Name a folder that the user who runs this may write."
    ) from None
MARK_FILE: Path | None = Path(found).absolute() if (found := env.str("MARK_FILE", "")) else None
"""A second copy of the database's mark, on another volume than VAR_DIR: a rolled back folder does not take it along."""
HOST_NAME: str = env.str("HOST_NAME", "") or socket.gethostname()
"""The name under which this host's worker writes its heartbeats."""

# In development they may be anything; a bare environment is production.
if not DEBUG and not STARTS_WITHOUT_KEYS:
    _others = [str(env.str(name, "")) for name in ("DATABASE_PASSWORD", "METRICS_TOKEN")]
    if _faults := list(faults(SECRET_KEY, FIELD_KEYS, ALLOWED_HOSTS, _others)):
        raise ImproperlyConfigured(" ".join(_faults))

# Applications
INSTALLED_APPS = [
    "callcenter.site.SetUpAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_q",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "callcenter.access",
    "callcenter.audit",
    "callcenter.api",
    "providers",
    "campaigns",
    "callcenter.sign_in",
    "callcenter",
]
MIDDLEWARE = [
    "callcenter.monitoring.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "callcenter.monitoring.machine_pages.MachinePages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "callcenter.middleware.SecurityHeaders",
    "callcenter.api_site.middleware.ApiAnswers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "callcenter.access.acting.AuditOrigin",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "callcenter.request_limits.BodyLimit",
    "callcenter.request_limits.CleanParameters",
    "callcenter.access.sealed_searches.SealedSearches",
    "callcenter.middleware.SlidingSession",
    "callcenter.kept_forms.middleware.KeptForms",
    "callcenter.middleware.ViewerTimeZone",
    "callcenter.middleware.PageAbove",
    "callcenter.sign_in.middleware.SignIn",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "callcenter.urls"
WSGI_APPLICATION = "callcenter.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "callcenter.context.console",
            ],
            "builtins": ["campaigns.templatetags.console"],
        },
    }
]

# Data
DATABASE_URL: str = env.str("DATABASE_URL", "")
DATABASE_HOST: str = env.str("DATABASE_HOST", "")
DATABASES: dict[str, dict[str, Any]] = {
    "default": (
        # In parts, a password of any letters needs no encoding.
        {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": DATABASE_HOST,
            "PORT": env.str("DATABASE_PORT", ""),
            "NAME": env.str("DATABASE_NAME", "callcenter"),
            "USER": env.str("DATABASE_USER", "callcenter"),
            "PASSWORD": env.str("DATABASE_PASSWORD", ""),
        }
        if DATABASE_HOST and not DATABASE_URL
        else env.db_url_config(DATABASE_URL or f"sqlite:///{VAR_DIR / 'callcenter.sqlite3'}")
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # FULL: a power cut must not lose a committed transaction; IMMEDIATE: writers wait at BEGIN instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;",
    }
else:
    # No psycopg pool: forked workers would share its sockets.
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL: str = env.str("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"serializer": "callcenter.cache_values.SignedValues"},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# Background work: the rows are the queue, a django-q2 message is only a nudge to look at them
WORKERS: int = env.int("WORKERS", 3)
if WORKERS < 2:
    raise ImproperlyConfigured(
        "WORKERS must be 2 or more: one process dials while another reads what became of the calls. Two share one core."
    )
SLICES: int = max(1, int(env.str("SLICES", "") or (WORKERS - 1) // 2))
"""How many dispatch slices, and as many poll slices, may run at once; the other processes do imports and the like."""
Q_CLUSTER: dict[str, Any] = {
    "name": "callcenter",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": 1,
    "timeout": 90,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 500,
    "label": "Background work",
    "ALT_CLUSTERS": {},
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# Vendors
VENDOR_HOSTS: list[str] = env.list(
    "VENDOR_HOSTS",
    default=[
        "api.bitel.rest",
        "www.tryunleashx.com",
        "api.tryunleashx.com",
        "api.bolna.ai",
        "api.voicy.co",
        "api.vocode.dev",
    ],
)
SANDBOX_PORT: int = env.int("SANDBOX_PORT", 8100)
SANDBOX_ORIGIN: str = env.str("SANDBOX_ORIGIN", f"http://127.0.0.1:{SANDBOX_PORT}" if DEMO else "").rstrip("/")
if SANDBOX_ORIGIN and not DEBUG:
    raise ImproperlyConfigured("DEMO and SANDBOX_ORIGIN are for development only: remove them, or set DEBUG=on.")

# Dialling
TIME_SCALE: float = env.float("TIME_SCALE", 1.0)
"""Test-only: every timer of the dialler (polls, time-outs, retries) is divided by it."""
if TIME_SCALE != 1.0 and not DEBUG:
    raise ImproperlyConfigured("TIME_SCALE is for tests only: remove it, or set DEBUG=on.")
CALLER_LAUNCH_LIMIT: int = env.int("CALLER_LAUNCH_LIMIT", 200)
CALLER_LAUNCH_PRICES: dict[str, str] = env.dict("CALLER_LAUNCH_PRICES", default={})
"""By currency, what a caller may launch in a day without approval, such as USD=50,IRT=2000000; empty is no limit."""
if not all(len(name) == 3 and name.isupper() and most.isdecimal() for name, most in CALLER_LAUNCH_PRICES.items()):
    raise ImproperlyConfigured("CALLER_LAUNCH_PRICES must look like USD=50,IRT=2000000: whole amounts by currency.")
TWO_PERSON_HOURS: int = env.whole("TWO_PERSON_HOURS", 72, why="a second person needs time to confirm")
"""Hours after which a request that nobody confirmed lapses."""
TEST_CALLS_A_DAY: int = env.int("TEST_CALLS_A_DAY", 5)
DEFAULT_REGION: str = env.str("DEFAULT_REGION", "IR")
SINGLE_CALL_HOURS: str = env.str("SINGLE_CALL_HOURS", "08:00-21:00")
"""Calling hours of calls that belong to no campaign, in the person's own time; "00:00-00:00" is all day."""
SINGLE_CALL_MINUTES: int = env.whole("SINGLE_CALL_MINUTES", 60, why="a call waits its turn for some seconds")
"""Minutes that a call of no campaign may wait; after them it is not placed any more, and its asker is told."""
QUIET_PERIOD_HOURS: int = env.int("QUIET_PERIOD_HOURS", 24)
PERSON_CALLS_A_DAY: int = env.int("PERSON_CALLS_A_DAY", 5)
PERSON_CALLS_A_WEEK: int = env.int("PERSON_CALLS_A_WEEK", 15)
"""Calls to one number in a day and in seven days there, by all campaigns and single calls together; 0: no limit."""
if min(PERSON_CALLS_A_DAY, PERSON_CALLS_A_WEEK) < 0:
    raise ImproperlyConfigured("PERSON_CALLS_A_DAY and PERSON_CALLS_A_WEEK must be 0 (no limit) or more.")
_NUMBER_TYPES = ["premium_rate", "shared_cost", "personal", "pager", "uan", "voicemail"]
REFUSED_NUMBER_TYPES: list[str] = env.list("REFUSED_NUMBER_TYPES", default=_NUMBER_TYPES)
"""Number types that are not called unless a manager allows one number."""
if REFUSED_NUMBER_TYPES == ["none"]:
    REFUSED_NUMBER_TYPES = []
if unknown := set(REFUSED_NUMBER_TYPES) - {*_NUMBER_TYPES, "toll_free", "voip"}:
    raise ImproperlyConfigured(
        f"REFUSED_NUMBER_TYPES names {', '.join(sorted(unknown))}. Write some of "
        f"{', '.join(_NUMBER_TYPES)}, toll_free, voip, or none."
    )
CONSENT_REQUIRED: bool = env.bool("CONSENT_REQUIRED", False)
"""Whether nobody is called of whom no consent is noted; a campaign may require it for itself."""
IMPORT_MAX_BYTES: int = env.int("IMPORT_MAX_BYTES", 50 * 1024 * 1024)
IMPORT_MAX_ROWS: int = env.int("IMPORT_MAX_ROWS", 200_000)
KEEP_CONVERSATION_DAYS: int = env.int("KEEP_CONVERSATION_DAYS", 90)
KEEP_CALL_DAYS: int = env.int("KEEP_CALL_DAYS", 1826)
KEEP_LOG_DAYS: int = env.int("KEEP_LOG_DAYS", 365)
"""Days that transcripts and recordings, call details, and steps of calls and exchanges with providers are kept."""
if min(KEEP_CONVERSATION_DAYS, KEEP_LOG_DAYS) < 1 or KEEP_CALL_DAYS < 91:
    raise ImproperlyConfigured(
        "KEEP_CONVERSATION_DAYS and KEEP_LOG_DAYS must be 1 or more, and KEEP_CALL_DAYS 91 or more."
    )
EXPORTS_A_DAY: int = env.int("EXPORTS_A_DAY", 20)
LARGE_EXPORT_ROWS: int = env.int("LARGE_EXPORT_ROWS", 10_000)
"""Exports that one user may make in a day (0: no limit), and rows from which one needs a fresh sign-in (0: never)."""
if min(EXPORTS_A_DAY, LARGE_EXPORT_ROWS) < 0:
    raise ImproperlyConfigured("EXPORTS_A_DAY and LARGE_EXPORT_ROWS must be 0 or more.")
IMPORT_KEEP_DAYS: int = env.whole("IMPORT_KEEP_DAYS", 14, why="an import can be taken back for a day")
"""Days after which an uploaded file is removed, counted from its saving, or from its upload where nobody saved it."""

# People
OUTBOUND_HOSTS: list[str] = env.list("OUTBOUND_HOSTS", default=[])  # that we may send to, beside the vendors'
SIGN_IN = sign_in_settings(env, is_debug=DEBUG, outbound_hosts=OUTBOUND_HOSTS)
PASSWORD_LOGIN: bool = SIGN_IN["PASSWORD_LOGIN"]
SECOND_FACTOR_ROLES: list[str] = SIGN_IN["SECOND_FACTOR_ROLES"]
FRESH_SIGN_IN_MINUTES: int = SIGN_IN["FRESH_SIGN_IN_MINUTES"]
OIDC: OpenIdSettings = SIGN_IN["OIDC"]
vars().update(SIGN_IN)
AUDIT_IS_STRICT = False
"""Whether an event of an undeclared action is refused, as in tests; an installation never loses one."""
AUDIT_KEEP_YEARS: int = env.int("AUDIT_KEEP_YEARS", 5)
"""Years after which rows of the audit log are removed; whoever could shorten it by a page could remove his own acts."""
if AUDIT_KEEP_YEARS < 1:
    raise ImproperlyConfigured("AUDIT_KEEP_YEARS must be 1 or more.")
AUDIT_HEAD_FILE: Path | None = VAR_DIR / "audit-head.json"
"""Where this host remembers how far the audit log had come: rows that are removed from its end are missed."""

# Words and times
LANGUAGE_CODE: str = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("fa", _("Persian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE: str = env.str("TIME_ZONE", "UTC")

# Files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_DIR", "") or VAR_DIR / "static").absolute()
"""Where static files are collected: the one folder that others may read, such as a proxy."""
STORAGE_URL: str = env.str("STORAGE_URL", "")
"""Where uploads and exports are kept; empty: in MEDIA_ROOT, which only this host sees."""
STORAGES = {
    "default": storage_of(STORAGE_URL, is_production=not DEBUG),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
FILE_UPLOAD_PERMISSIONS = private_files.FILE
FILE_UPLOAD_DIRECTORY_PERMISSIONS = private_files.FOLDER
PRIVATE_FILES = [
    *([Path(DATABASES["default"]["NAME"])] if DATABASES["default"]["ENGINE"].endswith("sqlite3") else []),
    *([MARK_FILE] if MARK_FILE else []),
]
"""Files that only we may read, beside all that lies in VAR_DIR."""
private_files.tighten(private_files.of_start(VAR_DIR, PRIVATE_FILES, STATIC_ROOT))
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
"""Bytes that a request may have, and the fields beside an uploaded file; files are taken where a page asks for one."""
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Mail
IS_EMAIL_SET = bool(env.str("EMAIL_URL", ""))
EMAIL_URL: str = env.str("EMAIL_URL", "") or ("consolemail://" if DEBUG else "smtp://localhost:25")
vars().update(env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "callcenter@localhost")

# Safety
SECURE_SSL_REDIRECT = HTTPS
# Probes and Prometheus ask from inside the machine or container, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
BEHIND_PROXY: bool = env.bool("BEHIND_PROXY", False)
"""A proxy, and nobody but it, reaches us: what its headers say is believed."""
TRUSTED_HOPS: int = env.int("TRUSTED_HOPS", 1)
"""How many proxies of ours a request comes through; each appends the address that it saw to X-Forwarded-For."""
if not 1 <= TRUSTED_HOPS <= 10:
    raise ImproperlyConfigured(
        "TRUSTED_HOPS is the number of proxies in front, from 1 to 10. Without a proxy, leave it out and set"
        " BEHIND_PROXY=off."
    )
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_IDLE_MINUTES: int = env.int("SESSION_IDLE_MINUTES", 12 * 60)
"""Minutes without use after which a session ends."""
SESSION_MAX_HOURS: int = env.int("SESSION_MAX_HOURS", 24)
"""Hours after its log-in after which a session ends, however much it is used."""
if SESSION_IDLE_MINUTES < 15 or SESSION_MAX_HOURS < 1:
    raise ImproperlyConfigured("SESSION_IDLE_MINUTES must be 15 or more, SESSION_MAX_HOURS 1 or more.")
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = HTTPS, True, "Lax"
CSRF_FAILURE_VIEW = "callcenter.kept_forms.views.csrf_failure"
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
X_FRAME_OPTIONS = "DENY"

# Seeing
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "").strip()
"""Opens /metrics, and the details of /readyz."""
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN is short, so that it can be guessed: use 20 random characters or more.")
try:
    METRICS_ADDRESSES = [ipaddress.ip_network(part.strip()) for part in env.list("METRICS_ADDRESSES", default=[])]
except ValueError as error:
    raise ImproperlyConfigured(f"METRICS_ADDRESSES: {error}. Write 192.0.2.7 or 192.0.2.0/24.") from None
SENTRY_DSN: str = env.str("SENTRY_DSN", "")
if SENTRY_DSN:
    _dsn = urlsplit(SENTRY_DSN)
    if _dsn.scheme != "https" or not _dsn.username or (_dsn.hostname or "") not in OUTBOUND_HOSTS:
        raise ImproperlyConfigured(
            "SENTRY_DSN must be https://KEY@HOST/PROJECT with a host named in OUTBOUND_HOSTS: reports go nowhere else."
        )
LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")
LOG_FORMAT: str = env.str("LOG_FORMAT", "") or ("plain" if DEBUG else "json")
LOGGING = logging_settings(LOG_LEVEL, LOG_FORMAT, is_demo=DEMO)
