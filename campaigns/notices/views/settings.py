"""Views of a user's own notice settings: channels, quiet hours, digests with their preview, chat, a test message."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from callcenter.access.roles import needs
from callcenter.audit.changes import changes
from callcenter.audit.models import record
from callcenter.made_once import few_at_once
from campaigns.models import Digest, NoticeSettings
from campaigns.notices import chat, choices, digests
from campaigns.notices.choices import Reader
from campaigns.notices.forms.settings import ChatForm, NoticeSettingsForm
from campaigns.notices.kinds import CHAT, MAIL

COLUMNS = (
    "language", "quiet_start", "quiet_end", "daily_digest", "weekly_digest", "digest_hour", "digest_weekday",
)  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_settings(request: HttpRequest) -> HttpResponse:
    """Show and change what the user is told by which channel, and when."""
    reader = choices.reader(cast(User, request.user))
    form = NoticeSettingsForm(request.POST or None, reader)
    if request.method == "POST" and form.is_valid():
        _save(reader, form)
        messages.success(request, _("Saved."))
        return redirect("notice-settings")
    return _page(request, reader, form, ChatForm())


def _save(reader: Reader, form: NoticeSettingsForm) -> None:
    given = {name: form.cleaned_data[name] for name in COLUMNS} | {"choices": form.choices_made()}
    before = {name: getattr(reader.chosen, name) for name in given}
    NoticeSettings.objects.update_or_create(user=reader.user, defaults=given)
    record(reader.user, "notices.chosen", None, **changes(_plain(before), _plain(given)))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as the audit log keeps them."""
    return {name: value if isinstance(value, bool | int | dict) else str(value or "") for name, value in values.items()}


def _page(request: HttpRequest, reader: Reader, form: NoticeSettingsForm, chat_form: ChatForm) -> HttpResponse:
    context = {
        "form": form,
        "chat_form": chat_form,
        "service": chat.NAMES.get(reader.chosen.chat_service, "") if reader.can_get(CHAT) else "",
        "services": chat.allowed_services(),
        "can_mail": reader.can_get(MAIL),
        "address": reader.user.email,
        "unreachable": choices.why_unreachable(reader),
        "may_digest": digests.may_get(reader.user),
        "periods": Digest.Period,
    }
    has_errors = form.is_bound or chat_form.is_bound
    return render(request, "notices/settings.html", context, status=422 if has_errors else 200)


@sensitive_post_parameters("address")
@login_required
@require_POST
def chat_address(request: HttpRequest) -> HttpResponse:
    """Store the address of the user's chat, sealed."""
    reader = choices.reader(cast(User, request.user))
    form = ChatForm(request.POST)
    if not form.is_valid():
        return _page(request, reader, NoticeSettingsForm(None, reader), form)
    row = NoticeSettings.objects.get_or_create(user=reader.user)[0]
    row.chat, row.chat_service = {"address": form.cleaned_data["address"].strip()}, form.service
    row.save(update_fields=["chat", "chat_service"])
    record(reader.user, "notices.chat_set", None, service=form.service)
    messages.success(request, _("Saved. Send a test message to check that it arrives."))
    return redirect("notice-settings")


@login_required
@require_POST
def chat_removed(request: HttpRequest) -> HttpResponse:
    """Forget the address of the user's chat."""
    user = cast(User, request.user)
    row = NoticeSettings.objects.filter(user=user).exclude(chat_service="").first()
    if row is not None:
        row.chat, row.chat_service = {}, ""
        row.save(update_fields=["chat", "chat_service"])
        record(user, "notices.chat_removed", None)
        messages.success(request, _("Removed. Nothing more is sent to that chat."))
    return redirect("notice-settings")


@login_required
@require_POST
def test_message(request: HttpRequest) -> HttpResponse:
    """Send a test message to the user's chat, and say whether it was taken."""
    reader = choices.reader(cast(User, request.user))
    if not reader.can_get(CHAT):
        messages.error(request, _("No chat is set up. Paste its address first."))
        return redirect("notice-settings")
    try:
        chat.post(reader.chosen, _("test message"), _("This test message shows that your notices arrive here."))
    except chat.Refused:
        messages.error(request, _("The chat rejected the message. Create a new webhook there and paste its address."))
    else:
        messages.success(request, _("Sent. Check the chat."))
    return redirect("notice-settings")


@require_safe
@needs(digests.SEES_RESULTS)
@few_at_once
def digest_preview(request: HttpRequest, period: str) -> HttpResponse:
    """Show the digest that the user would get now; raises Http404 for a period that there is not."""
    user = cast(User, request.user)
    if period not in Digest.Period.values:
        raise Http404
    made = digests.digest_of(user, Digest.Period(period), timezone.localdate())
    lines = [
        (one, digests.sums_in_words(one.sums), digests.goal_in_words(one.goal) if one.goal is not None else "")
        for one in made.campaigns
    ]
    context = {"made": made, "subject": digests.subject_of(made), "lines": digests.lines_of(made), "campaigns": lines}
    return render(request, "notices/digest.html", context)
