"""The builder's policy: one sentence for all outcomes, a choice for each, errors at their field, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from campaigns.core.refusals import Refusal
from campaigns.launch import drafts
from campaigns.launch.policy_words import sentence_of
from campaigns.models import Campaign
from campaigns.outcomes import Outcome, Policy, Step
from tests.answers import text_of
from tests.campaigns.launch.builder_form import typed
from tests.conftest import make_agent, make_campaign, make_person, make_provider
from tests.shown import shown_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
USUAL = (
    "Busy: again after 15 min, then 1 h; No answer: again after 1 h, then 4 h; Voicemail: again after 4 h, "
    "then 1 day; Call failed: again after 1 h; Answered, nobody talked: no retry. At most 3 "
    "attempts per contact, 2 of them on one day (contact's local time)."
)


def send(client: Client, **fields: Any) -> Any:
    """Send the builder's form of a new draft, or of `campaign`."""
    campaign = fields.pop("campaign", None)
    agent = campaign.agent if campaign else make_agent()
    url = reverse("campaign-edit", args=[campaign.pk]) if campaign else reverse("campaign-new")
    seen = shown_at(client, url) if campaign else {}
    return client.post(url, typed(agent.provider, agent=agent.pk, **{"then": "save"} | fields) | seen)


def test_a_new_campaign_says_the_usual_policy_in_one_sentence(console: Client) -> None:
    page = console.get(reverse("campaign-new"))
    assert USUAL in text_of(page)
    assert "<details>" in page.content.decode().replace("<details >", "<details>")


def test_each_outcome_is_chosen_and_shown_where_the_campaign_is(console: Client, caller: User) -> None:
    omid = make_person(CALLER, first_name="Omid", last_name="Karimi")
    send(
        console, max_attempts="4", attempts_a_day="۲",
        then_busy="again", retry_busy="15, 60, 240",
        then_no_answer="person", person_no_answer=omid.pk, within_no_answer="24",
        then_machine="stop", retry_machine="99",
        then_failed="again", retry_failed="30",
        then_silent="person", person_silent=caller.pk, within_silent="",
    )  # fmt: skip
    campaign = Campaign.objects.get()
    assert campaign.policy == Policy(
        {
            Outcome.BUSY: Step((15, 60, 240)),
            Outcome.NO_ANSWER: Step(person_id=omid.pk, minutes_to_act=1440),
            Outcome.VOICEMAIL: Step(),
            Outcome.FAILED: Step((30,)),
            Outcome.NO_SPEECH: Step(person_id=caller.pk, minutes_to_act=240),
        },
        4,
        2,
    )
    said = (
        "Busy: again after 15 min, then 1 h, then 4 h; No answer: given to Omid Karimi, due within 1 day; "
        "Voicemail: no retry; Call failed: again after 30 min; Answered, nobody talked: given "
        "to sara, due within 4 h. At most 4 attempts per contact, 2 of them on one day (contact's local time)."
    )
    assert said in text_of(console.get(reverse("campaign-settings", args=[campaign.pk])))
    edit = console.get(reverse("campaign-edit", args=[campaign.pk]))
    assert said in text_of(edit)
    rows = {row.then.name: row for row in edit.context["form"].policy_rows}
    row = rows["then_no_answer"]
    assert (row.then.value(), row.person.value(), row.within.value()) == ("person", omid.pk, 24)


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(console: Client) -> None:
    answer = send(
        console, then_busy="again", retry_busy="", then_failed="person", retry_failed="7", then_silent="again",
        retry_silent="60, x", within_failed="x", attempts_a_day="0",
    )  # fmt: skip
    form = answer.context["form"]
    assert answer.status_code == 422
    assert set(form.errors) == {"retry_busy", "person_failed", "retry_silent", "within_failed", "attempts_a_day"}
    page = answer.content.decode()
    assert "<details open>" in page
    assert 'value="60, x"' in page
    for field in ("retry_busy", "person_failed", "retry_silent"):
        assert f'id="id_{field}_error"' in page
        assert f'href="#id_{field}"' in page
    assert [form[f"then_{outcome}"].value() for outcome in ("busy", "failed", "silent")] == ["again", "person", "again"]
    assert not Campaign.objects.exists()


def test_one_attempt_needs_no_outcome_to_be_changed(console: Client) -> None:
    """The waits that are there by default stay, and the sentence says that none of them counts."""
    send(console, max_attempts="1", then_busy="again", retry_busy="15")
    campaign = Campaign.objects.get()
    assert campaign.policy.attempts == 1
    assert "Busy: no retry" in text_of(console.get(reverse("campaign-settings", args=[campaign.pk])))


def test_the_sentence_follows_what_is_typed(console: Client) -> None:
    answer = send(console, then="stay", then_busy="stop", then_silent="again", retry_silent="45", attempts_a_day="")
    text = text_of(answer)
    assert "Busy: no retry" in text
    assert "Answered, nobody talked: again after 45 min" in text
    assert "At most 3 attempts per contact." in text
    assert "Busy: no retry" in text_of(send(console, then="stay", retry_busy="5, x"))


def test_a_campaign_from_before_is_said_as_it_is_done() -> None:
    campaign = make_campaign(retries={"busy": [10, 30, 60], "no_answer": []})
    assert sentence_of(campaign.policy) == (
        "Busy: again after 10 min, then 30 min; No answer: no retry; Voicemail: busy or no answer if "
        "the provider confirms it, otherwise no retry; Call failed: no retry; Answered, nobody "
        "talked: no retry. At most 3 attempts per contact."
    )


def test_a_campaign_from_before_that_is_saved_as_it_was_is_not_changed(console: Client, caller: User) -> None:
    campaign = make_campaign(owner=caller, retries={"busy": [10, 30], "no_answer": [60]})
    send(console, campaign=campaign, name=campaign.name, retry_busy="10, 30", retry_no_answer="60", then_machine="stop")
    campaign.refresh_from_db()
    assert campaign.retries == {"busy": [10, 30], "no_answer": [60]}
    send(console, campaign=campaign, name=campaign.name, retry_busy="10", then_no_answer="stop", retry_no_answer="60")
    campaign.refresh_from_db()
    assert campaign.retries == {"busy": [10], "no_answer": [], "machine": [], "failed": [], "silent": []}


def test_a_person_who_is_gone_is_the_owner_in_the_sentence(caller: User) -> None:
    gone = make_person(CALLER)
    campaign = make_campaign(hand_overs={"busy": {"person": gone.pk, "minutes": 90}})
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert "Busy: given to the owner of the campaign, due within 90 min" in sentence_of(campaign.policy)


# If a voicemail answers


def test_only_a_vendor_that_is_told_with_the_order_is_asked(console: Client) -> None:
    vocode, bolna, voicy = make_provider(vendor="vocode"), make_provider(), make_provider(vendor="voicy")
    page = console.post(reverse("campaign-new"), typed(vocode, then="stay"))
    assert "on_machine" in page.context["form"].fields
    assert "keeps talking, and the voicemail records it" in text_of(page)
    page = console.post(reverse("campaign-new"), typed(bolna, then="stay"))
    assert "on_machine" not in page.context["form"].fields
    assert "this is set on the agent at Bolna" in text_of(page)
    page = console.post(reverse("campaign-new"), typed(voicy, then="stay"))
    assert "on_machine" not in page.context["form"].fields
    assert "set on the agent" not in text_of(page)


def test_another_provider_does_not_keep_the_wish(console: Client, caller: User) -> None:
    vocode = make_provider(vendor="vocode")
    campaign = make_campaign(provider=vocode, owner=caller, on_machine="message")
    assert campaign.on_machine == "message"
    agent = make_agent(make_provider())
    page = reverse("campaign-edit", args=[campaign.pk])
    console.post(page, typed(agent.provider, agent=agent.pk, name=campaign.name, then="save") | shown_at(console, page))
    campaign.refresh_from_db()
    assert (campaign.provider, campaign.on_machine) == (agent.provider, "")


def test_calls_are_given_to_users_of_the_campaigns_team_only(client: Client) -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    sara, omid, reza = (make_person(CALLER, username=name) for name in ("sara1", "omid1", "reza1"))
    for person, team in ((sara, ours), (omid, ours), (reza, theirs)):
        Membership.objects.create(user=person, team=team)
    client.force_login(sara)
    field = client.get(reverse("campaign-new")).context["form"].fields["person_busy"]
    assert {value for value, _name in field.choices if value} == {sara.pk, omid.pk}
    to_reza = {"then_busy": "person", "person_busy": reza.pk}
    assert "person_busy" in send(client, **to_reza).context["form"].errors
    send(client, then_busy="person", person_busy=omid.pk)
    campaign = Campaign.objects.get()
    assert campaign.policy.people == {omid.pk}
    given = {"hand_overs": {"busy": {"person": reza.pk, "minutes": 60}}}
    with pytest.raises(Refusal, match="not in the campaign’s team"):
        drafts.change(campaign.pk, sara, given, None, was_launched=False)
    with pytest.raises(Refusal, match="not in the campaign’s team"):
        drafts.create(sara, {"name": "Other", "provider": campaign.provider, **given}, [], None)
    # Whoever was chosen before they changed the team stays, and can be kept.
    Membership.objects.filter(user=omid).update(team=theirs)
    shown = client.get(reverse("campaign-edit", args=[campaign.pk])).context["form"].fields["person_busy"]
    assert {value for value, _name in shown.choices if value} == {sara.pk, omid.pk}
    assert drafts.change(campaign.pk, sara, {"name": "New name"}, None, was_launched=False) == ["name"]
    assert drafts.copy(campaign.pk, sara).policy.people == {omid.pk}
