"""Variants of a campaign: who gets which, that it stays so, what is checked, and what an approval binds."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.calls import call_actions
from campaigns.core import message, message_parts
from campaigns.core.variants import MOST_NUMBERS, Variant, as_variant, variants_of
from campaigns.launch import approvals, drafts, enqueue, first_attempts, legal_texts, test_call
from campaigns.launch.forms.variants import VariantsForm
from campaigns.launch.launch_check import check_launch, find_blockers
from campaigns.launch.living import joining
from campaigns.models import Call, Campaign, Contact, InstallationSettings, ListMembership
from campaigns.rules import RANK
from campaigns.tracking import call_updates
from providers.models import CallerId
from providers.types import CallSnapshot, CallStatus
from tests.answers import text_of
from tests.conftest import make_agent, make_caller_id, make_campaign, make_contact, make_list, make_provider
from tests.situations import LeasedProvider, fresh

pytestmark = pytest.mark.django_db


def variant(key: str, share: int, **fields: Any) -> dict[str, Any]:
    return Variant(**{"key": key, "label": "", "share": share, **fields}).to_json()


def varied(people: int = 10, shares: tuple[int, ...] = (50, 50), **fields: Any) -> Campaign:
    """Make a campaign whose second variant has an agent of its own, and the third another text to say."""
    provider = fields.pop("provider", None) or make_provider()
    other = make_agent(provider, name="Second")
    changes: list[dict[str, Any]] = [{}, {"agent": other.pk}, {"variables": {"who": "Hi {name}"}}]
    variants = [variant(key, share, **change) for key, share, change in zip("ABC", shares, changes, strict=False)]
    return make_campaign([make_list(people)], provider=provider, **({"variants": variants} | fields))


def counts(campaign: Campaign) -> Counter[str]:
    return Counter(Call.objects.filter(campaign=campaign, attempt=1).values_list("variant", flat=True))


def run(campaign: Campaign) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(status="running")
    return fresh(campaign)


def test_everybody_gets_one_variant_by_the_shares_whatever_the_chunks() -> None:
    campaign = run(varied(57, (50, 30, 20)))
    assert enqueue.fill_campaign(campaign.pk, chunk=13) == 57
    found = counts(campaign)
    assert sum(found.values()) == 57
    assert all(abs(found[key] - 57 * share / 100) < 1 for key, share in zip("ABC", (50, 30, 20), strict=True))
    second = campaign.variants[1]["agent"]
    for call in Call.objects.filter(campaign=campaign):
        assert call.agent_id == (second if call.variant == "B" else campaign.agent_id)
        assert (call.provider_id, call.text, call.attempt) == (campaign.provider_id, "", 1)


def test_the_variants_are_mixed_in_the_order_in_which_calls_go_out() -> None:
    campaign = run(varied(60))
    enqueue.fill_campaign(campaign.pk)
    order = list(Call.objects.filter(campaign=campaign).order_by("due_at", "pk").values_list("variant", flat=True))
    assert 20 <= sum(one == "A" for one in order[:30]) + sum(one == "B" for one in order[30:]) <= 40


def test_a_pilot_uses_up_no_place_twice() -> None:
    campaign = run(varied(21, (70, 30)))
    pilot = Contact.objects.filter(lists__campaigns=campaign).order_by("-pk")[:7]
    assert (
        first_attempts.insert(campaign, Contact.objects.filter(pk__in=[one.pk for one in pilot]), timezone.now()) == 7
    )
    before = dict(Call.objects.filter(campaign=campaign).values_list("contact", "variant"))
    assert enqueue.fill_campaign(campaign.pk) == 14
    now = dict(Call.objects.filter(campaign=campaign).values_list("contact", "variant"))
    assert all(now[person] == key for person, key in before.items())
    assert abs(counts(campaign)["A"] - 21 * 0.7) < 1
    assert enqueue.fill_campaign(campaign.pk) == 0


def test_whoever_joins_an_open_campaign_one_by_one_is_shared_out_too() -> None:
    campaign = run(varied(0, is_living=True, people_a_day=50, people_in_all=50, last_day=datetime.date(2099, 1, 1)))
    for number in range(1, 8):
        ListMembership.objects.create(contact_list=campaign.lists.get(), contact=make_contact())
        assert joining.take_up(campaign.pk, timezone.now()) == 1
        assert abs(counts(campaign)["A"] - number / 2) < 1


def test_a_campaign_without_variants_queues_as_ever(django_assert_num_queries: Any) -> None:
    campaign = make_campaign([make_list(3)])
    people = Contact.objects.filter(lists__campaigns=campaign)
    with django_assert_num_queries(1):
        assert first_attempts.insert(campaign, people, timezone.now()) == 3
    assert counts(campaign) == {"": 3}


def test_a_person_keeps_the_variant_over_retries_and_when_called_again(manager: User) -> None:
    campaign = run(varied(2, owner=manager, retries={"busy": [1]}, max_attempts=3))
    enqueue.fill_campaign(campaign.pk)
    first = Call.objects.get(campaign=campaign, variant="B")
    Call.objects.filter(pk=first.pk).update(
        status="in_progress", rank=RANK[CallStatus.IN_PROGRESS], placing_at=timezone.now(), remote_id="call-1"
    )
    news = CallSnapshot(remote_id="call-1", status=CallStatus.BUSY, raw_status="busy")
    call_updates.merge_news({first.pk: news}, source="poll", now=timezone.now() + datetime.timedelta(minutes=1))
    second = Call.objects.get(campaign=campaign, contact=first.contact, attempt=2)
    assert (second.variant, second.agent_id) == ("B", first.agent_id)
    Call.objects.filter(pk=second.pk).update(status="busy", placing_at=timezone.now())
    assert call_actions.call_again(second.pk, manager, None).variant == "B"


def test_what_each_person_hears_is_their_variants(leased: LeasedProvider) -> None:
    leased.campaign.variants = [variant("A", 50), variant("B", 50, variables={"Who": "Hi {name}", "more": "x"})]
    leased.campaign.save(update_fields=["variants"])
    one, two = (leased.call(contact=make_contact(name="Sara"), variant=key) for key in "AB")
    heard = {done.call_id: done.order.variables for done in leased.commit(one, two).committed}
    assert (heard[one.pk]["who"], "more" in heard[one.pk]) == ("Dear Sara", False)
    assert (heard[two.pk]["Who"], heard[two.pk]["more"]) == ("Hi Sara", "x")


def test_whoever_lacks_a_value_of_any_variant_is_called_by_none(leased: LeasedProvider) -> None:
    """Else the people of one variant would be other people than those of the next."""
    leased.campaign.variants = [variant("A", 50), variant("B", 50, variables={"city": "{city}"})]
    leased.campaign.save(update_fields=["variants"])
    call = leased.call(contact=make_contact(name="Sara"), variant="A")
    assert leased.commit(call).committed == []
    assert call.skip_reason == "missing_variable"
    assert message.needed_names(leased.campaign) == ("name", "city")


def test_numbers_near_the_person_and_else_the_campaigns_own() -> None:
    provider = make_provider()
    numbers = [
        make_caller_id(provider, remote_id=number, number=number)
        for number in ("+12125550123", "+13105550123", "+982188776655", "+12025550100")
    ]
    pool = tuple(one.pk for one in numbers[:3])
    campaign = make_campaign(
        [make_list()], provider=provider, caller_id=numbers[3], variants=[variant("A", 100, caller_ids=pool)]
    )
    people = {
        "+12125559999": 0, "+13105559999": 1, "+982122334455": 2, "+989121234567": 2, "+4930123456": 3,
    }  # fmt: skip
    regions = ("US", "US", "IR", "IR", "DE")
    for phone, region in zip(people, regions, strict=True):
        ListMembership.objects.create(
            contact_list=campaign.lists.get(), contact=make_contact(phone=phone, region=region)
        )
    enqueue.fill_campaign(run(campaign).pk)
    found = dict(Call.objects.filter(campaign=campaign).values_list("to_number", "caller_id"))
    assert found == {phone: numbers[at].pk for phone, at in people.items()}


def test_one_number_of_a_variant_calls_everybody() -> None:
    provider = make_provider()
    own = make_caller_id(provider)
    other = make_caller_id(provider, remote_id="2", number="+12125550123")
    variants = [variant("A", 50), variant("B", 50, caller_ids=(other.pk,))]
    campaign = run(make_campaign([make_list(4)], provider=provider, caller_id=own, variants=variants))
    enqueue.fill_campaign(campaign.pk)
    found = Counter(Call.objects.values_list("variant", "caller_id"))
    assert found == {("A", own.pk): 2, ("B", other.pk): 2}


def test_a_text_takes_the_place_of_a_voice() -> None:
    campaign = Campaign(text="", voice_id=7, variables={"Name": "x", "keep": "y"})
    said = as_variant(campaign, Variant(key="A", label="", share=100, text="Hello", variables={"name": "z"}))
    assert (said.text, said.voice_id, said.variables) == ("Hello", None, {"keep": "y", "name": "z"})
    back = as_variant(Campaign(text="Hello"), Variant(key="A", label="", share=100, voice=7))
    assert (back.text, back.voice_id) == ("", 7)
    assert (campaign.text, campaign.variables) == ("", {"Name": "x", "keep": "y"})


def test_the_launch_check_looks_at_every_variant() -> None:
    campaign = varied(4)
    assert find_blockers(campaign) == []
    elsewhere, gone = make_agent(name="Elsewhere"), make_agent(campaign.provider, name="Gone", is_present=False)
    for agent, sentence in (
        (elsewhere, "“Elsewhere” belongs to another provider."),
        (gone, "“Gone” no longer exists at the provider."),
    ):
        campaign.variants = [variant("A", 50), variant("B", 50, agent=agent.pk)]
        assert find_blockers(campaign) == [sentence]
    campaign.status = "running"
    campaign.save()
    assert list(Campaign.objects.filter(message_parts.with_gone_parts())) == [campaign]
    assert "Gone" in message_parts.why_paused(campaign)
    pool = CallerId.objects.create(provider=campaign.provider, number="+12125550123", is_present=False)
    two = make_caller_id(campaign.provider)
    campaign.variants = [variant("A", 100, caller_ids=(pool.pk, two.pk))]
    assert len(message_parts.gone_of(campaign)) == 1


def test_a_legal_text_must_be_in_every_variant() -> None:
    campaign = make_campaign([make_list(1)], text="This call is recorded.", variants=[])
    limits = InstallationSettings(legal_texts={"IR": "This call is recorded"})
    assert legal_texts.missing(campaign, limits) == []
    campaign.variants = [variant("A", 50), variant("B", 50, text="Hello")]
    assert [one.country for one in legal_texts.missing(campaign, limits)] == ["IR"]


def test_an_approval_binds_the_variants(caller: User, manager: User) -> None:
    campaign = make_campaign([make_list(1)], owner=caller, status="scheduled", launched_by=caller)
    assert "variants" not in approvals.bound_values(campaign)
    approval = approvals.give(campaign, manager, None)
    other = make_agent(campaign.provider, name="Second")
    edit = [variant("A", 70), variant("B", 30, label="Short", agent=other.pk)]
    assert drafts.change(campaign.pk, caller, {"variants": edit}, None, was_launched=False) == ["variants"]
    campaign = fresh(campaign)
    assert campaign.status == Campaign.Status.WAITING
    (said,) = approvals.differences(campaign, approval)
    plain = "".join(letter for letter in said if letter.isprintable())
    assert plain == "Variants: was none, now A 70 % (as in the campaign); B: Short 30 % (Agent: Second)."
    assert not approvals.may_approve(campaign, caller)


def test_a_copy_has_the_same_variants(manager: User) -> None:
    campaign = varied(1, owner=manager)
    assert drafts.copy(campaign.pk, manager).variants == campaign.variants


# The page


def typed(**fields: str) -> dict[str, Any]:
    return {"then": "save", "share_A": "50", "share_B": "50", "label_B": "Short", **fields}


def test_the_page_saves_variants_and_the_check_shows_what_three_people_hear(client: Client, manager: User) -> None:
    campaign = make_campaign([make_list(5)], owner=manager, name="Spring", variables={"who": "Dear {name}"})
    client.force_login(manager)
    page = reverse("campaign-variants", args=[campaign.pk])
    shown = {"shown": client.get(page).context["form"].shown.split('value="')[1].split('"')[0]}
    answer = client.post(page, {**typed(variables_B="who = Hi {name}"), **shown, "then": "check"})
    assert answer.status_code == 302
    campaign = fresh(campaign)
    assert [one.name for one in variants_of(campaign)] == ["A", "B: Short"]
    check = client.get(reverse("campaign-check", args=[campaign.pk]))
    found = check.context["variants"]
    assert [(one.people, len(one.heard)) for one in found] == [(3, 3), (2, 3)]
    assert "Dear Person 0" in text_of(check)
    assert "Hi Person 0" in text_of(check)
    assert check_launch(campaign).called == 5
    assert "Hi {name}" in text_of(client.get(reverse("campaign-settings", args=[campaign.pk])))


@pytest.mark.parametrize(
    ("fields", "at", "sentence"),
    [
        ({"share_B": "40"}, "share_B", "The shares add up to 90 %: they must add up to 100 %."),
        ({"share_B": ""}, "share_B", "Give its share, or empty the whole variant."),
        ({}, "label_B", "A and B do the same: change something in one of them."),
        ({"variables_B": "who"}, "variables_B", "“who” is no variable: write a name, an equals sign and a text."),
        ({"agent_B": "999999"}, "agent_B", "Select a valid choice."),
        ({"share_B": "0"}, "share_B", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(fields: dict[str, str], at: str, sentence: str) -> None:
    form = VariantsForm(typed(**fields), make_campaign())
    assert not form.is_valid()
    assert sentence in str(form.errors[at])


def test_agents_of_another_provider_are_not_offered() -> None:
    form = VariantsForm(typed(agent_B=str(make_agent().pk)), make_campaign())
    assert "agent_B" in form.errors


def test_too_many_numbers_are_refused() -> None:
    campaign = make_campaign(provider=make_provider())
    many = [
        make_caller_id(campaign.provider, remote_id=str(n), number=f"+1202555{n:04d}") for n in range(MOST_NUMBERS + 1)
    ]
    form = VariantsForm({**typed(), "caller_ids_B": [str(one.pk) for one in many]}, campaign)
    assert "caller_ids_B" in form.errors


def test_an_emptied_second_of_three_leaves_two_in_a_row() -> None:
    campaign = make_campaign()
    agent = make_agent(campaign.provider)
    form = VariantsForm({"share_A": "60", "share_C": "40", "agent_C": str(agent.pk)}, campaign)
    assert form.is_valid(), form.errors
    assert [(one["key"], one["share"], one["agent"]) for one in form.values()["variants"]] == [
        ("A", 60, None),
        ("B", 40, agent.pk),
    ]


def test_a_launched_campaign_keeps_its_variants(client: Client, manager: User) -> None:
    campaign = varied(1, owner=manager, launched_at=timezone.now(), status="running")
    client.force_login(manager)
    answer = client.post(reverse("campaign-variants", args=[campaign.pk]), typed())
    assert answer["Location"] == reverse("campaign-settings", args=[campaign.pk])
    assert fresh(campaign).variants == campaign.variants


def test_a_test_call_says_the_chosen_variant(client: Client, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = varied(1, owner=manager, shares=(40, 30, 30))
    tried: list[Campaign] = []

    def remember(said: Campaign, *_rest: object) -> None:
        tried.append(said)
        raise test_call.Refusal("Not now.")

    monkeypatch.setattr(test_call, "try_message", remember)
    client.force_login(manager)
    page = client.get(reverse("campaign-check", args=[campaign.pk]))
    token = page.content.decode().split('name="form_token" value="')[1].split('"')[0]
    sent = {"number": "+989121112233", "variant": "B", "form_token": token}
    client.post(reverse("campaign-try", args=[campaign.pk]), sent)
    assert [said.agent_id for said in tried] == [campaign.variants[1]["agent"]]
    assert (
        "variant"
        in client.post(reverse("campaign-try", args=[campaign.pk]), {**sent, "variant": "Q"}).context["try_form"].errors
    )
