"""The builder: choices follow the provider, nothing typed is lost, what is launched is fixed."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from campaigns.launch import start as start_module
from campaigns.models import Campaign
from providers.models import Voice
from tests.answers import text_of
from tests.campaigns.launch.builder_form import typed
from tests.conftest import (
    make_agent,
    make_campaign,
    make_contact,
    make_list,
    make_provider,
)
from tests.shown import shown_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status


# Writing


def test_a_campaign_is_written_and_checked(console, caller):
    agent, people = make_agent(name="Sales"), make_list(3)
    sent = typed(
        agent.provider,
        agent=agent.pk,
        lists=[people.pk],
        calls_per_minute="۳۰",
        budget="1,000.50",
        variable_0_name="greeting",
        variable_0_text="Dear {name}",
    )
    answer = console.post(reverse("campaign-new"), sent)
    campaign = Campaign.objects.get()
    assert answer.url == reverse("campaign-check", args=[campaign.pk])
    assert (campaign.owner, campaign.status, campaign.agent) == (caller, Status.DRAFT, agent)
    assert (campaign.calls_per_minute, str(campaign.budget)) == (30, "1000.50")
    assert campaign.variables == {"greeting": "Dear {name}"}
    assert campaign.retries == {"busy": [10, 30], "no_answer": [60], "machine": [], "failed": [], "silent": []}
    assert list(campaign.lists.all()) == [people]
    page = text_of(console.get(answer.url))
    assert "Of 3 people, 3 will be called" in page


def test_two_presses_make_one_campaign(console):
    agent = make_agent()
    sent = typed(agent.provider, agent=agent.pk)
    first, second = (console.post(reverse("campaign-new"), sent | {"then": "save"}) for _press in range(2))
    assert first.url == second.url
    assert Campaign.objects.count() == 1


def test_a_draft_may_lack_what_a_launch_needs(console):
    vocode = make_provider(vendor="vocode")
    asked = console.post(reverse("campaign-new"), typed(vocode, days=[]))
    assert set(asked.context["form"].errors) == {"agent", "caller_id", "lists", "days"}
    saved = console.post(reverse("campaign-new"), typed(vocode, days=[], then="save"))
    assert saved.url == reverse("campaign", args=[Campaign.objects.get().pk])


def test_errors_keep_what_was_typed(console):
    agent = make_agent()
    make_campaign(name="Taken")
    sent = typed(
        agent.provider, agent=agent.pk, name="Taken", then="save", retry_busy="60, 10", max_attempts="x", budget="a lot"
    )
    answer = console.post(reverse("campaign-new"), sent)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"name", "retry_busy", "max_attempts", "budget"}
    assert 'value="60, 10"' in answer.content.decode()
    assert Campaign.objects.count() == 1


def test_another_provider_offers_other_choices_without_saving(console):
    bolna, bitel = make_provider(), make_provider(vendor="bitel", name="Bitel desk")
    make_agent(bolna, name="Sales")
    Voice.objects.create(provider=bitel, remote_id="v1", name="Welcome")
    answer = console.post(reverse("campaign-new"), typed(bitel, name="", then="stay", text="Hello"))
    fields = answer.context["form"].fields
    assert answer.status_code == 200
    assert {"voice", "text", "dialer"} <= set(fields)
    assert not {"agent", "caller_id"} & set(fields)
    assert [str(voice) for voice in fields["voice"].queryset] == ["Welcome"]
    page = answer.content.decode()
    assert "Hello" in page
    assert "Please check the marked fields" not in page
    answer = console.post(reverse("campaign-new"), typed(bolna, then="stay"))
    assert [str(agent) for agent in answer.context["form"].fields["agent"].queryset] == ["Sales"]
    assert not Campaign.objects.exists()


def test_what_the_other_provider_had_is_not_kept(console, caller):
    campaign = make_campaign(owner=caller, variables={"a": "b"})
    bitel = make_provider(vendor="bitel")
    page = reverse("campaign-edit", args=[campaign.pk])
    sent = typed(bitel, text="Hello", agent=campaign.agent_id, then="save")
    console.post(page, sent | shown_at(console, page))
    campaign.refresh_from_db()
    assert (campaign.provider, campaign.agent, campaign.text, campaign.variables) == (bitel, None, "Hello", {})


def test_a_voice_and_a_text_do_not_go_together(console):
    bitel = make_provider(vendor="bitel")
    voice = Voice.objects.create(provider=bitel, remote_id="v1", name="Welcome")
    answer = console.post(reverse("campaign-new"), typed(bitel, text="Hello", voice=voice.pk, then="save"))
    assert "Choose one." in text_of(answer)


def test_agent_of_another_provider_is_no_choice(console):
    answer = console.post(reverse("campaign-new"), typed(make_provider(), agent=make_agent().pk, then="save"))
    assert list(answer.context["form"].errors) == ["agent"]


def test_the_builder_shows_warnings_ticks_and_what_people_hear(console):
    agent = make_agent(warnings=["not_active"], variables=["city", "tone"])
    people = make_list()
    people.contacts.add(make_contact(name="Maryam", variables={"city": "Shiraz"}))
    sent = typed(
        agent.provider,
        agent=agent.pk,
        lists=[people.pk],
        then="stay",
        variable_0_name="hello",
        variable_0_text="Dear {name} of {town}",
    )
    answer = console.post(reverse("campaign-new"), sent)
    page = text_of(answer)
    assert "is not active at the provider" in page
    assert "Dear Maryam of" in page
    assert "Will not be called: town is empty for this contact." in page
    assert "city Shiraz tone – empty" in page
    assert [row.name.value() for row in answer.context["form"].variable_rows] == ["city", "tone", "hello", "", ""]
    assert {slug for slug, section in answer.context["sections"].items() if section.missing} == set()
    empty = console.get(reverse("campaign-new"))
    missing = {slug for slug, section in empty.context["sections"].items() if section.missing}
    assert missing == {"basics", "message", "audience"}


def test_the_only_provider_is_chosen_already(console):
    agent = make_agent(name="Sales")
    form = console.get(reverse("campaign-new")).context["form"]
    assert form.chosen_provider == agent.provider
    assert "agent" in form.fields


def test_values_of_people_are_escaped(console):
    agent, people = make_agent(), make_list()
    people.contacts.add(make_contact(name="<script>alert(1)</script>"))
    sent = typed(agent.provider, agent=agent.pk, lists=[people.pk], then="stay", name="<b>x</b>")
    page = console.post(reverse("campaign-new"), sent).content.decode()
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    ("start", "end", "is_enough"),
    [("09:00", "09:29", False), ("09:00", "09:30", True), ("22:00", "06:00", True), ("00:00", "00:00", True)],
)
def test_hours_that_hardly_ever_come_are_refused(console, start, end, is_enough):
    sent = typed(make_agent().provider, hours_start=start, hours_end=end, then="save")
    assert console.post(reverse("campaign-new"), sent).status_code == (302 if is_enough else 422)


# Changing


def test_a_launched_campaign_keeps_a_day(console, caller):
    campaign = make_campaign([make_list(1)], owner=caller)
    start_module.launch(campaign.pk, caller)
    answer = console.post(reverse("campaign-edit", args=[campaign.pk]), typed(campaign.provider, days=[], then="save"))
    assert list(answer.context["form"].errors) == ["days"]


def test_an_edit_after_the_launch_keeps_message_and_lists(console, caller):
    campaign = make_campaign([make_list(1)], owner=caller, name="Old")
    start_module.launch(campaign.pk, caller)
    Campaign.objects.update(spent_cost=7)
    other = make_agent(campaign.provider)
    page = console.get(reverse("campaign-edit", args=[campaign.pk]))
    assert "message and audience cannot be changed" in text_of(page)
    sent = typed(campaign.provider, agent=other.pk, lists=[make_list(5).pk], max_attempts="5", then="save")
    page = reverse("campaign-edit", args=[campaign.pk])
    answer = console.post(page, sent | shown_at(console, page))
    assert answer.url == reverse("campaign", args=[campaign.pk])
    before = campaign.agent
    campaign.refresh_from_db()
    assert (campaign.name, campaign.agent, campaign.max_attempts, campaign.spent_cost) == ("Old", before, 5, 7)
    assert campaign.lists.get().contacts.count() == 1


def test_an_edit_while_it_was_launched_elsewhere_is_refused(console, caller, monkeypatch):
    campaign = make_campaign([make_list(1)], owner=caller)
    sent = typed(campaign.provider, agent=campaign.agent_id, then="save")
    from campaigns.launch.forms.builder import CampaignForm

    is_valid = CampaignForm.is_valid

    def launched_meanwhile(form):
        start_module.launch(campaign.pk, caller)
        return is_valid(form)

    monkeypatch.setattr(CampaignForm, "is_valid", launched_meanwhile)
    answer = console.post(reverse("campaign-edit", args=[campaign.pk]), sent, follow=True)
    assert "was launched in the meantime" in text_of(answer)
    campaign.refresh_from_db()
    assert campaign.name != "Spring reminder"


def test_an_edit_takes_it_back_from_approval(console, caller):
    campaign = make_campaign(owner=caller, status=Status.WAITING, launched_by=caller)
    page = reverse("campaign-edit", args=[campaign.pk])
    sent = typed(campaign.provider, agent=campaign.agent_id, then="save")
    console.post(page, sent | shown_at(console, page))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.name) == (Status.DRAFT, "Spring reminder")


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FINISHED])
def test_what_is_over_is_copied_not_changed(console, caller, status):
    people = make_list(1)
    campaign = make_campaign([people], owner=caller, status=status, name="Spring", budget=9, spent_cost=8)
    assert console.get(reverse("campaign-edit", args=[campaign.pk])).status_code == 302
    token = str(uuid.uuid4())
    for _press in range(2):
        answer = console.post(reverse("campaign-copy", args=[campaign.pk]), {"form_token": token})
    copied = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer.url == reverse("campaign-edit", args=[copied.pk])
    assert (copied.name, copied.status, copied.budget, copied.spent_cost) == ("Spring (2)", Status.DRAFT, 9, 0)
    assert (copied.agent, list(copied.lists.all()), copied.owner) == (campaign.agent, [people], caller)
    assert console.post(reverse("campaign-copy", args=[copied.pk])).status_code == 302
    assert Campaign.objects.filter(name="Spring (3)").exists()


def test_a_list_s_page_leads_here_with_the_list_chosen(console):
    first, second = make_list(people=2), make_list(people=1)
    page = console.get(f"/campaigns/new/?list={first.pk}&list=x&list=99999").content.decode()
    assert f'value="{first.pk}" id="id_lists_' in page
    checked = [tag for tag in re.findall(r"<input[^>]*>", page) if 'name="lists"' in tag and "checked" in tag]
    assert len(checked) == 1
    assert f'value="{first.pk}"' in checked[0]
    assert second.pk != first.pk
    assert "2 people in this audience now." in page
