"""The vendor's extras: for those who manage providers, off unless ticked, within their bounds."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from callcenter.access.rights import ADMIN, CALLER
from callcenter.audit.models import AuditEvent
from campaigns.models import Call
from providers.models import CallerId, Provider
from tests.campaigns.calls.quick_call_form import URL, form_of
from tests.conftest import make_agent, make_person, make_provider

pytestmark = pytest.mark.usefixtures("at_any_hour")


def test_extras_are_for_those_who_manage_providers_and_off_unless_ticked(
    client: Client, caller: User, provider: Provider
) -> None:
    extras = {"extra_retry_enabled": "on", "extra_max_retries": "2"}
    client.force_login(caller)
    page = client.get(URL).content.decode()
    assert "extra_retry_enabled" not in page
    refused = client.post(URL, form_of(provider, **extras, use_extras="on"))
    assert refused.status_code == 422
    assert "Only admins can send provider extras" in refused.content.decode()
    assert not Call.objects.exists()
    client.post(URL, form_of(provider, **extras))
    assert Call.objects.latest("pk").vendor_options == {}
    both = make_person(CALLER)
    both.groups.add(Group.objects.get(name=ADMIN))
    client.force_login(both)
    page = client.get(URL).content.decode()
    assert "Not covered by our guarantees: Bolna may then call" in page
    client.post(URL, form_of(provider, "09121110001", **extras))
    assert Call.objects.latest("pk").vendor_options == {}
    client.post(URL, form_of(provider, "09121110002", **extras, use_extras="on"))
    assert Call.objects.latest("pk").vendor_options == {"retry_enabled": True, "max_retries": 2}
    assert AuditEvent.objects.latest("pk").detail["extras"] == ["max_retries", "retry_enabled"]


@pytest.mark.parametrize("chosen", ["", "on", "off"])
def test_a_switch_of_the_provider_is_on_off_or_as_set_for_one_call(
    client: Client, admin_person: User, db: None, chosen: str
) -> None:
    provider = make_provider(vendor="vocode")
    make_agent(provider)
    number = CallerId.objects.create(provider=provider, remote_id="1", number="+12025550131", name="desk")
    admin_person.groups.add(Group.objects.get(name=CALLER))
    client.force_login(admin_person)
    page = client.get(f"{URL}?provider={provider.pk}").content.decode()
    assert "As set on the provider" in page
    posted = {"caller_id": number.pk, "extra_run_do_not_call_detection": chosen, "use_extras": "on"}
    client.post(URL, form_of(provider, "+989121110001", **posted))
    assert Call.objects.get().vendor_options == ({"run_do_not_call_detection": chosen} if chosen else {})


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("extra_max_retries", "9", "less than or equal to 3"),
        ("extra_max_retries", "0", "greater than or equal to 1"),
        ("extra_retry_intervals_minutes", "30, soon", "Enter whole numbers"),
        ("extra_retry_on_statuses", "whenever", "Select a valid choice"),
        ("extra_scheduled_at", "tomorrow", "Enter a valid date/time"),
    ],
)
def test_an_extra_that_cannot_be_is_refused_at_its_field(
    client: Client, admin_person: User, provider: Provider, field: str, typed: str, words: str
) -> None:
    admin_person.groups.add(Group.objects.get(name=CALLER))
    client.force_login(admin_person)
    answer = client.post(URL, form_of(provider, use_extras="on", extra_retry_enabled="on", **{field: typed}))
    assert answer.status_code == 422
    assert words in str(answer.context["form"].errors[field])
    assert not Call.objects.exists()
