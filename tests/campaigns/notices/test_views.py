"""The inbox, its badge, one's own choice, a chat's address that no page shows again, and who cannot be reached."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter import diagnosis
from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.models import Notice, NoticeSettings
from campaigns.notices import choices, inbox
from campaigns.notices.concerned import Cause
from campaigns.notices.kinds import KINDS
from tests.answers import html_of, text_of
from tests.conftest import make_campaign, make_person

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7AB"


@pytest.fixture
def reza() -> User:
    return make_person(MANAGER, username="reza", email="reza@example.org")


def notice(owner: User, key: str = "finished:1") -> Notice:
    campaign = make_campaign(owner=owner)
    cause = Cause(kind="campaign_finished", object_type="campaign", object_id=campaign.pk, key=key)
    inbox.tell([cause], timezone.now())
    return Notice.objects.get(key=key)


def test_the_inbox_and_its_badge(client: Client, reza: User) -> None:
    client.force_login(reza)
    assert "No notices" in text_of(client.get(reverse("notices")))
    found = notice(reza)
    page = html_of(client.get(reverse("notices")))
    assert "is finished" in page
    assert "data-unread>1<" in page
    answer = client.post(reverse("notice-open", args=[found.pk]))
    assert answer.headers["Location"] == reverse("campaign", args=[found.object_id])
    assert inbox.unread(reza) == 0
    assert "data-unread hidden>" in html_of(client.get(reverse("notices")))
    for n in (2, 3):
        notice(reza, f"finished:{n}")
    newest = Notice.objects.order_by("-pk").values_list("pk", flat=True)[1]
    client.post(reverse("notices-read"), {"newest": newest})
    assert inbox.unread(reza) == 1, "what came after the page was shown stays unread"


def test_nobody_reads_or_opens_the_notices_of_another(client: Client, reza: User, admin_person: User) -> None:
    found = notice(reza)
    for other in (admin_person, make_person(CALLER)):
        client.force_login(other)
        assert "is finished" not in text_of(client.get(reverse("notices")))
        assert client.post(reverse("notice-open", args=[found.pk])).status_code == 404
        client.post(reverse("notices-read"))
        assert client.get(reverse("notices-new"), {"after": 0}).json() == {"newest": 0, "unread": "", "said": []}
    assert inbox.unread(reza) == 1


def test_an_open_tab_hears_of_new_ones_by_their_kind(client: Client, reza: User) -> None:
    client.force_login(reza)
    old = notice(reza)
    assert client.get(reverse("notices-new")).json() == {"newest": old.pk, "unread": "1", "said": []}
    new = notice(reza, "finished:2")
    told = client.get(reverse("notices-new"), {"after": old.pk}).json()
    assert told == {"newest": new.pk, "unread": "2", "said": ["A campaign is finished"]}


def choice(**changed: str) -> dict[str, str]:
    """Return the form with everything on, as it is filled in."""
    given = {f"{channel}_{key}": "on" for channel in choices.CHANNELS for key in KINDS}
    given |= {"language": "en", "digest_hour": "8", "digest_weekday": "0"}
    return {name: value for name, value in (given | changed).items() if value}


def test_a_choice_is_kept_where_it_differs_and_recorded(client: Client, reza: User) -> None:
    client.force_login(reza)
    sent = choice(mail_campaign_finished="", chat_export_ready="", daily_digest="on", digest_hour="7", language="fa")
    assert client.post(reverse("notice-settings"), sent).status_code == 302
    row = NoticeSettings.objects.get(user=reza)
    assert row.choices == {"mail": {"campaign_finished": False, "export_ready": True}}
    assert (row.daily_digest, row.weekly_digest, row.digest_hour, row.language) == (True, False, 7, "fa")
    assert AuditEvent.objects.filter(action="notices.chosen", actor=reza).exists()
    page = client.post(reverse("notice-settings"), choice(quiet_start="22:00"))
    assert page.status_code == 422
    assert "Enter both times, or neither." in text_of(page)


def test_a_chats_address_is_sealed_and_never_shown(client: Client, reza: User, settings: Settings) -> None:
    client.force_login(reza)
    refused = client.post(reverse("notice-chat"), {"address": SLACK})
    assert "can add hooks.slack.com to OUTBOUND_HOSTS" in text_of(refused)
    settings.OUTBOUND_HOSTS = ["hooks.slack.com"]
    assert client.post(reverse("notice-chat"), {"address": SLACK}).status_code == 302
    row = NoticeSettings.objects.get(user=reza)
    assert row.chat.open() == {"address": SLACK}
    (stored,) = NoticeSettings.objects.raw("SELECT id, chat AS held FROM campaigns_noticesettings")
    assert "TIiajkdnlazk" not in stored.held
    page = html_of(client.get(reverse("notice-settings")))
    assert "Slack" in page
    assert "TIiajkdnlazk" not in page + html_of(refused)
    assert "TIiajkdnlazk" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    client.post(reverse("notice-chat-remove"))
    assert not NoticeSettings.objects.get().chat.holds("address")


def test_who_cannot_be_reached_is_told_so(client: Client, reza: User, settings: Settings) -> None:
    settings.IS_EMAIL_SET = True
    silent = make_person(MANAGER)
    off = {channel: dict.fromkeys(KINDS, False) for channel in choices.CHANNELS}

    def said(person: User) -> str:
        client.force_login(person)
        return text_of(client.get(reverse("notices")))

    words = [str(one) for one in (choices.NO_ADDRESS, choices.ALL_OFF, choices.NO_MAIL)]
    assert [word in said(reza) for word in words] == [False, False, False]
    assert [word in said(silent) for word in words] == [True, False, False]
    NoticeSettings.objects.create(user=reza, choices=off)
    assert [word in said(reza) for word in words] == [False, True, False]
    settings.IS_EMAIL_SET = False
    assert [word in said(silent) for word in words] == [False, False, True]


def test_the_doctor_says_what_reaches_nobody(reza: User) -> None:
    def found() -> str:
        return " ".join(one.sentence for one in diagnosis.readers())

    # A manager reaches all kinds but none of an admin alone.
    assert found() == ""
    NoticeSettings.objects.create(user=reza, choices={"mail": {"provider_halted": False}})
    assert found() == "reach nobody: A provider is paused."
    User.objects.filter(pk=reza.pk).update(email="")
    assert "No background worker is running" in found()


def test_the_number_that_a_tab_shows_is_in_the_digits_of_the_page(client: Client, reza: User) -> None:
    client.force_login(reza)
    client.cookies["django_language"] = "fa"
    notice(reza)
    assert client.get(reverse("notices-new")).json()["unread"] == "۱"
