"""The settings of sign-in, read from the environment, and what django-allauth is told by them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from callcenter.environment import Environment

ROLES = ("Callers", "Managers", "Admins")
"""As `callcenter.access.rights` has them, which imports Django's translations: too early here."""
OPENID = "openid"
"""Id of the one OpenID Connect provider, in addresses."""


def sign_in_settings(env: Environment, *, is_debug: bool, outbound_hosts: list[str]) -> dict[str, Any]:
    """Return the settings by name. Raises ImproperlyConfigured with the next step."""
    own = _own(env)
    openid = _openid(env, is_debug=is_debug, outbound_hosts=outbound_hosts)
    if not own["PASSWORD_LOGIN"] and not openid["OIDC_SERVER_URL"]:
        raise ImproperlyConfigured("PASSWORD_LOGIN=off leaves no way to log in: set OIDC_SERVER_URL, or switch it on.")
    return {**own, **openid, **_of_allauth(openid, is_debug=is_debug), **PASSWORDS}


PASSWORDS: dict[str, Any] = {
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "AUTH_PASSWORD_VALIDATORS": [
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {"NAME": "callcenter.access.passwords.OwnWordsValidator"},
    ],
    "PASSWORD_RESET_TIMEOUT": 3600,
    "LOGIN_URL": "login",
    "LOGIN_REDIRECT_URL": "start",
    "LOGOUT_REDIRECT_URL": "login",
}


def roles_named(names: list[str], setting: str) -> list[str]:
    """Return names of roles as the environment gives them. Raises ImproperlyConfigured for one that is none."""
    found = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in found if name not in ROLES]:
        raise ImproperlyConfigured(f"{setting} names {', '.join(unknown)}. Write some of {', '.join(ROLES)}.")
    return found


def _own(env: Environment) -> dict[str, Any]:
    found = {
        "PASSWORD_LOGIN": env.bool("PASSWORD_LOGIN", True),
        "SECOND_FACTOR_ROLES": roles_named(env.list("SECOND_FACTOR_ROLES", default=[]), "SECOND_FACTOR_ROLES"),
        "FRESH_SIGN_IN_MINUTES": env.int("FRESH_SIGN_IN_MINUTES", 15),
        "INVITATION_DAYS": env.int("INVITATION_DAYS", 7),
    }
    for name in ("FRESH_SIGN_IN_MINUTES", "INVITATION_DAYS"):
        if found[name] < 1:
            raise ImproperlyConfigured(f"{name} must be 1 or more.")
    return found


def _openid(env: Environment, *, is_debug: bool, outbound_hosts: list[str]) -> dict[str, Any]:
    server = env.str("OIDC_SERVER_URL", "").rstrip("/")
    pairs = [pair.partition("=")[::2] for pair in env.list("OIDC_ROLES", default=[])]
    new = env.str("OIDC_NEW_USERS_ROLE", "").strip()
    roles_named([role for _value, role in pairs], "OIDC_ROLES")
    roles_named([new], "OIDC_NEW_USERS_ROLE")
    found = {
        "OIDC_SERVER_URL": server,
        "OIDC_NAME": env.str("OIDC_NAME", "") or (urlsplit(server).hostname or ""),
        "OIDC_CLIENT_ID": env.str("OIDC_CLIENT_ID", ""),
        "OIDC_CLIENT_SECRET": env.str("OIDC_CLIENT_SECRET", ""),
        "OIDC_ROLE_CLAIM": env.str("OIDC_ROLE_CLAIM", ""),
        "OIDC_ROLES": {value.strip(): role.strip() for value, role in pairs},
        "OIDC_NEW_USERS_ROLE": new,
        "OIDC_SECOND_FACTOR": env.bool("OIDC_SECOND_FACTOR", False),
    }
    if not server:
        return found
    if not found["OIDC_CLIENT_ID"] or not found["OIDC_CLIENT_SECRET"]:
        raise ImproperlyConfigured("OIDC_SERVER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
    if bool(found["OIDC_ROLE_CLAIM"]) != bool(found["OIDC_ROLES"]):
        raise ImproperlyConfigured("OIDC_ROLE_CLAIM and OIDC_ROLES belong together: set both or neither.")
    address = urlsplit(server)
    if address.hostname not in outbound_hosts or (address.scheme != "https" and not is_debug):
        raise ImproperlyConfigured("OIDC_SERVER_URL must be https://HOST/... with a host named in OUTBOUND_HOSTS.")
    return found


def _of_allauth(openid: dict[str, Any], *, is_debug: bool) -> dict[str, Any]:
    """Return what django-allauth is told; its own rate limits are off, for ours count in the database."""
    app = {
        "provider_id": OPENID,
        "name": openid["OIDC_NAME"],
        "client_id": openid["OIDC_CLIENT_ID"],
        "secret": openid["OIDC_CLIENT_SECRET"],
        "settings": {"server_url": openid["OIDC_SERVER_URL"], "oauth_pkce_enabled": True},
    }
    return {
        "ACCOUNT_ADAPTER": "callcenter.sign_in.adapter.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_EMAIL_NOTIFICATIONS": False,
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "login",
        "ACCOUNT_RATE_LIMITS": False,
        "ACCOUNT_FORMS": {
            "login": "callcenter.sign_in.forms.SignInForm",
            "reset_password": "callcenter.sign_in.forms.ForgottenForm",
            "change_password": "callcenter.sign_in.forms.NewPasswordForm",
        },
        "MFA_ADAPTER": "callcenter.sign_in.second_factor.SecondFactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_TOTP_ISSUER": "Callcenter",
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": is_debug,
        "MFA_FORMS": {
            "authenticate": "callcenter.sign_in.forms.CodeForm",
            "reauthenticate": "callcenter.sign_in.forms.CodeAgainForm",
            "activate_totp": "callcenter.sign_in.forms.NewAppForm",
        },
        "SOCIALACCOUNT_ADAPTER": "callcenter.sign_in.openid.OpenIdAdapter",
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app] if openid["OIDC_SERVER_URL"] else []}},
    }
