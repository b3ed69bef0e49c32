"""Addresses of sign-in; the names that begin with `account_`, `mfa_` and the like are asked for by django-allauth."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount.providers.openid_connect import views as openid
from django.urls import path, re_path
from django.views.generic import RedirectView

from callcenter.sign_in import passkeys, people_views, views

to_login = RedirectView.as_view(pattern_name="login")
log_in = views.SignInView.as_view()

urlpatterns = [
    path("login/", log_in, name="login"),
    path("login/", log_in, name="account_login"),
    path("logout/", views.log_out, name="logout"),
    path("logout/", views.log_out, name="account_logout"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.PasskeyView.as_view(), name="mfa_login_webauthn"),
    path("login/new/", to_login, name="account_signup"),
    path("prove/", views.prove, name="prove"),
    path("prove/password/", account.reauthenticate, name="account_reauthenticate"),
    path("prove/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("prove/key/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("password/", views.OwnPasswordView.as_view(), name="account_change_password"),
    path("password/forgotten/", views.ForgottenView.as_view(), name="account_reset_password"),
    path("password/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("password/new/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/keys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("second-factor/keys/new/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("second-factor/keys/<int:pk>/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("second-factor/keys/<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("second-factor/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("users/", people_views.users, name="users"),
    path("users/invite/", people_views.invite, name="invite"),
    path("users/<int:pk>/link/", people_views.renew, name="invitation-renew"),
    path("users/<int:pk>/second-factor/", people_views.reset_second_factor, name="second-factor-reset"),
    path("invitations/<str:token>/", people_views.accept, name="invitation"),
    path("openid/cancelled/", views.refused_by_openid, name="socialaccount_login_cancelled"),
    path("openid/error/", views.refused_by_openid, name="socialaccount_login_error"),
    path("openid/new/", views.refused_by_openid, name="socialaccount_signup"),
    path("openid/accounts/", views.refused_by_openid, name="socialaccount_connections"),
    path("openid/<str:provider_id>/login/", views.log_in_by_openid, name="openid_connect_login"),
    path("openid/<str:provider_id>/callback/", openid.callback, name="openid_connect_callback"),
]
