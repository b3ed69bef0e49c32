"""Legal texts: a campaign with people of a country says its text, or somebody confirmed it, or it is not launched."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.core.forms.installation import LegalTextsField
from campaigns.core.installation_changes import change_settings
from campaigns.core.refusals import Refusal
from campaigns.launch import legal_texts, start
from campaigns.models import Campaign, Contact, ListMembership
from campaigns.notices import alert_words, shared_alerts
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_agent, make_campaign, make_contact, make_list, make_person
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
NOTICE = "This call is recorded."


@pytest.fixture(autouse=True)
def required(manager: User) -> None:
    change_settings({"legal_texts": {"DE": NOTICE, "FR": "Cet appel est enregistré."}}, manager)


def to_germany(owner: User) -> Campaign:
    people = make_list(2)
    german = make_contact(phone="+4915112345678", region="DE")
    ListMembership.objects.create(contact_list=people, contact=german)
    return make_campaign([people], owner=owner, **ALL_DAY)


def test_it_is_launched_only_once_the_text_is_said_or_confirmed(client: Client, manager: User) -> None:
    campaign = to_germany(manager)
    with pytest.raises(Refusal, match=r"Contacts in Germany must hear “This call is recorded\.”"):
        start.launch(campaign.pk, manager)
    client.force_login(manager)
    page = text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    assert "Contacts in Germany must hear" in page
    assert "The message includes it for people in Germany" in page
    assert "France" not in page, "nobody of the audience is there"
    client.post(reverse("campaign-legal-text", args=[campaign.pk]), {"country": "DE"})
    assert AuditEvent.objects.get(action="campaign.legal_confirmed").detail["country"] == "DE"
    assert legal_texts.missing(fresh(campaign)) == []
    assert start.launch(campaign.pk, manager).status == Campaign.Status.RUNNING


def test_one_that_stays_open_says_the_texts_of_all_who_may_join(manager: User) -> None:
    campaign = make_campaign([make_list(2)], owner=manager, is_living=True, **ALL_DAY)
    assert [one.country for one in legal_texts.missing(campaign)] == ["DE", "FR"]
    legal_texts.confirm(campaign.pk, "FR", manager)
    assert [one.country for one in legal_texts.missing(campaign)] == ["DE"]
    Campaign.objects.update(is_living=False)
    assert legal_texts.missing(fresh(campaign)) == []


def test_another_message_or_another_text_is_confirmed_anew(manager: User) -> None:
    campaign = to_germany(manager)
    legal_texts.confirm(campaign.pk, "DE", manager)
    Campaign.objects.update(agent=make_agent(campaign.provider, name="Another"))
    assert [one.country for one in legal_texts.missing(fresh(campaign))] == ["DE"]
    legal_texts.confirm(campaign.pk, "DE", manager)
    assert legal_texts.missing(fresh(campaign)) == []
    change_settings({"legal_texts": {"DE": "This call is recorded and kept."}}, manager)
    assert [one.text for one in legal_texts.missing(fresh(campaign))] == ["This call is recorded and kept."]


def test_a_text_that_we_send_is_looked_through(manager: User) -> None:
    campaign = to_germany(manager)
    Campaign.objects.update(text="Hello. this call  is RECORDED, dear {name}.")
    assert legal_texts.missing(fresh(campaign)) == []


def test_a_text_that_changed_after_the_launch_is_said_on_the_page_and_needs_attention(
    client: Client, manager: User
) -> None:
    campaign = to_germany(manager)
    legal_texts.confirm(campaign.pk, "DE", manager)
    start.launch(campaign.pk, manager)
    assert legal_texts.changed_since_launch() == []
    change_settings({"legal_texts": {"DE": "This call is recorded and kept."}}, manager)
    assert legal_texts.changed_since_launch() == [campaign.pk]
    assert ("legal_missing", "campaign", [campaign.pk]) in shared_alerts.found()
    words = alert_words.singly("legal_missing", [campaign.pk], {})[campaign.pk]
    client.force_login(manager)
    page = text_of(client.get(reverse("campaign", args=[campaign.pk])))
    said = "the legal text for Germany is “This call is recorded and kept.”. The message does not say it."
    assert said in page
    assert said in words.what
    assert "Confirm that the agent or voice says it." in page
    client.post(reverse("campaign-legal-text", args=[campaign.pk]), {"country": "DE"})
    assert legal_texts.changed_since_launch() == []
    assert said not in text_of(client.get(reverse("campaign", args=[campaign.pk])))
    change_settings({"legal_texts": {"DE": "Another."}}, manager)
    Campaign.objects.update(status="finished")
    assert legal_texts.changed_since_launch() == []


def test_a_campaign_without_people_there_needs_nothing(manager: User) -> None:
    campaign = to_germany(manager)
    Contact.objects.update(region="IR")
    assert legal_texts.missing(campaign) == []


def test_only_who_may_write_it_confirms_and_only_what_is_missing(manager: User) -> None:
    campaign = to_germany(manager)
    Campaign.objects.update(team=Team.objects.create(name="Theirs"), owner=None)
    other = make_person(MANAGER)
    Membership.objects.create(user=other, team=Team.objects.create(name="Ours"))
    with pytest.raises(PermissionDenied):
        legal_texts.confirm(campaign.pk, "DE", other)
    with pytest.raises(Refusal, match="There is nothing to confirm"):
        legal_texts.confirm(to_germany_of_nobody().pk, "FR", manager)


def to_germany_of_nobody() -> Campaign:
    return make_campaign([make_list(1)], **ALL_DAY)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("DE: Recorded: yes.\n\nfr: Bonjour", {"DE": "Recorded: yes.", "FR": "Bonjour"}),
        ("", None),
        ("Germany: Recorded.", ""),
        ("DE:", ""),
        ("DE: One\nDE: Two", ""),
    ],
)
def test_texts_are_typed_one_country_a_line(typed: str, read: dict[str, str] | str | None) -> None:
    field = LegalTextsField(required=False)
    if read == "":
        assert "Enter one country per line" in str(refused(field, typed))
    else:
        assert field.clean(typed) == read


def refused(field: LegalTextsField, typed: str) -> Exception:
    with pytest.raises(Exception, match="one country") as found:
        field.clean(typed)
    return found.value
