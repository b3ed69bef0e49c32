"""Forms of a user's own notice settings: what leaves by which channel, when, digests, and the address of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from callcenter.formats.moment_fields import names_zone
from campaigns.core.refusals import Refusal
from campaigns.notices import chat
from campaigns.notices.choices import CHANNELS, Reader
from campaigns.notices.kinds import KINDS, Channel, NoticeKind


class NoticeSettingsForm(forms.Form):
    """What one user is told by which channel, quiet hours, language and digests."""

    language = forms.ChoiceField(label=_("Language of e-mails and chat messages"), choices=settings.LANGUAGES)
    quiet_start = forms.TimeField(
        label=_("Quiet hours from"),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text=names_zone(),
    )
    quiet_end = forms.TimeField(
        label=_("Quiet hours until"),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text=names_zone(_("In your time zone. Notices wait until quiet hours end; urgent ones are sent at once.")),
    )
    daily_digest = forms.BooleanField(label=_("Daily digest: yesterday's results"), required=False)
    weekly_digest = forms.BooleanField(label=_("Weekly digest: results of the last 7 days"), required=False)
    digest_hour = forms.TypedChoiceField(
        label=_("Send digests at"), coerce=int, choices=lambda: [(n, f"{n:02d}:00") for n in range(24)]
    )
    digest_weekday = forms.TypedChoiceField(
        label=_("Send the weekly digest on"), coerce=int, choices=lambda: [(n, WEEKDAYS[n]) for n in _week()]
    )

    def __init__(self, data: Any, reader: Reader) -> None:
        chosen = reader.chosen
        names = ("quiet_start", "quiet_end", "daily_digest", "weekly_digest", "digest_hour", "digest_weekday")
        initial = {name: getattr(chosen, name) for name in names} | {"language": reader.language}
        super().__init__(data, initial=initial)
        self._reader = reader
        for kind in KINDS.values():
            for channel in CHANNELS:
                self.fields[f"{channel}_{kind.key}"] = forms.BooleanField(
                    label=str(kind.label),
                    required=False,
                    initial=reader.wants(kind, channel),
                    # The table's head and first column are its label for the eye.
                    widget=forms.CheckboxInput({"aria-label": f"{Channel(channel).label}: {kind.label}"}),
                )

    def rows(self) -> Iterator[tuple[NoticeKind, list[forms.BoundField]]]:
        """Yield each kind with its checkbox for each channel."""
        for kind in KINDS.values():
            yield kind, [self[f"{channel}_{kind.key}"] for channel in CHANNELS]

    def clean(self) -> dict[str, Any]:
        """Check that quiet hours have both ends."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if (found.get("quiet_start") is None) != (found.get("quiet_end") is None):
            self.add_error("quiet_end", _("Enter both times, or neither."))
        return found

    def choices_made(self) -> dict[str, dict[str, bool]]:
        """Return what the user chose otherwise than the installation says, or had chosen before."""
        made: dict[str, dict[str, bool]] = {}
        for kind in KINDS.values():
            for channel in CHANNELS:
                wanted = bool(self.cleaned_data.get(f"{channel}_{kind.key}"))
                was_chosen = kind.key in self._reader.chosen.choices.get(channel, {})
                if was_chosen or wanted != self._reader.default(kind):
                    made.setdefault(channel, {})[kind.key] = wanted
        return made


class ChatForm(forms.Form):
    """The address of a user's chat: write-only."""

    address = forms.CharField(
        label=_("Webhook address of your chat"),
        max_length=chat.MAX_ADDRESS,
        widget=forms.PasswordInput({"autocomplete": "off", "dir": "ltr"}),
        help_text=_(
            "Create an incoming webhook there and paste its address. It is stored encrypted and never shown again."
        ),
    )
    service = ""

    def clean_address(self) -> str:
        """Check that the address belongs to a service that messages may go to."""
        address = str(self.cleaned_data["address"])
        try:
            self.service = chat.service_of(address)
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal), code="chat") from None
        return address


def _week() -> list[int]:
    """Return the days of the week, 0 is Monday, in the order of the language."""
    first = (int(formats.get_format("FIRST_DAY_OF_WEEK")) + 6) % 7
    return [(first + n) % 7 for n in range(7)]
