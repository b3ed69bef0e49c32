"""The addresses of this room: campaigns."""

from __future__ import annotations

from django.urls import path

from campaigns.launch.views import (
    builder,
    campaigns,
    launch_check,
    lifecycle,
    own_numbers,
    redial,
    repeats,
    second_provider,
    spending_limits,
    start,
    variants,
)

urlpatterns = [
    path("campaigns/new/", builder.campaign_new, name="campaign-new"),
    path("campaigns/<int:pk>/edit/", builder.campaign_edit, name="campaign-edit"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/live/", campaigns.campaign_live, name="campaign-live"),
    path("campaigns/<int:pk>/settings/", campaigns.campaign_settings, name="campaign-settings"),
    path("campaigns/<int:pk>/activity/", campaigns.campaign_activity, name="campaign-activity"),
    path("campaigns/<int:pk>/copy/", campaigns.campaign_copy, name="campaign-copy"),
    path("campaigns/<int:pk>/variants/", variants.campaign_variants, name="campaign-variants"),
    path("campaigns/<int:pk>/repeat/", repeats.campaign_repeat, name="campaign-repeat"),
    path("campaigns/<int:pk>/second-provider/", second_provider.campaign_second, name="campaign-second"),
    path("campaigns/<int:pk>/redial/", redial.campaign_redial, name="campaign-redial"),
    path("campaigns/<int:pk>/check/", launch_check.campaign_check, name="campaign-check"),
    path("campaigns/<int:pk>/check/<slug:verdict>/", launch_check.campaign_check_people, name="campaign-check-people"),
    path("campaigns/<int:pk>/legal-text/", launch_check.campaign_legal_text, name="campaign-legal-text"),
    path("campaigns/<int:pk>/launch/", start.campaign_launch, name="campaign-launch"),
    path("campaigns/<int:pk>/pilot/", start.campaign_pilot, name="campaign-pilot"),
    path("campaigns/<int:pk>/pilot/end/", lifecycle.campaign_end_pilot, name="campaign-end-pilot"),
    path("campaigns/<int:pk>/pilot/ask/", start.campaign_ask_rest, name="campaign-ask-rest"),
    path("campaigns/<int:pk>/start-at/", start.campaign_start_at, name="campaign-start-at"),
    path("campaigns/<int:pk>/start-at/there/", start.campaign_start_there, name="campaign-start-there"),
    path("own-numbers/", own_numbers.entries, name="own-numbers"),
    path("own-numbers/<int:pk>/confirm/", own_numbers.confirm, name="own-number-confirm"),
    path("own-numbers/<int:pk>/remove/", own_numbers.remove, name="own-number-remove"),
    path("campaigns/<int:pk>/try/", start.campaign_try, name="campaign-try"),
    path("campaigns/<int:pk>/approve/", start.campaign_approve, name="campaign-approve"),
    path("campaigns/<int:pk>/return/", start.campaign_return, name="campaign-return"),
    path("campaigns/<int:pk>/withdraw/", start.campaign_withdraw, name="campaign-withdraw"),
    path("campaigns/<int:pk>/pause/", lifecycle.campaign_pause, name="campaign-pause"),
    path("campaigns/<int:pk>/resume/", lifecycle.campaign_resume, name="campaign-resume"),
    path("spending-limits/", spending_limits.limits, name="spending-limits"),
    path("spending-limits/<int:pk>/remove/", spending_limits.remove_limit, name="spending-limit-remove"),
    path("campaigns/<int:pk>/stop/", lifecycle.campaign_stop, name="campaign-stop"),
]
