"""Dispositions and rules are whole or refused, by who may write them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from callcenter.audit.models import AuditEvent
from campaigns.dispositions import catalog
from campaigns.dispositions.catalog import DispositionRefusal
from campaigns.models import Disposition, DispositionRule, Question
from tests.answers import text_of
from tests.campaigns.dispositions.words import open_campaign, worded
from tests.conftest import make_person

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "--", "follows": "nothing"}, "name"),
    ({"name": "wants AN offer", "follows": "nothing"}, "name"),
    ({"name": "Later", "follows": "callback", "minutes": 0}, "minutes"),
    ({"name": "Later", "follows": "retry", "minutes": 10**6}, "minutes"),
]


def test_one_that_is_not_whole_says_where(manager: User) -> None:
    worded(manager, "Wants an offer")
    for values, field in WRONG:
        with pytest.raises(DispositionRefusal) as refused:
            catalog.add(manager, values)
        assert refused.value.field == field
    with pytest.raises(DispositionRefusal) as refused:
        catalog.add(manager, {"name": "Call", "follows": "person", "minutes": 60, "taker": make_person("Admins")})
    assert refused.value.field == "taker"
    with pytest.raises(PermissionDenied):
        worded(make_person("Callers"))


def test_a_rule_needs_a_condition_that_can_hold(manager: User) -> None:
    campaign, other = open_campaign(manager), open_campaign(manager)
    question = Question.objects.create(campaign=campaign, name="Wants", kind="yes_no", path="wants")
    disposition = worded(manager)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"campaign": campaign}, "result"),
        ({"question": question, "campaign": other}, "question"),
        ({"question": question, "answer": "perhaps"}, "answer"),
        ({"question": question, "answer": "yes", "answer_to": "no"}, "answer_to"),
        ({"answer": "yes"}, "question"),
        ({"result": "wonderful"}, "result"),
    ]
    for values, field in wrong:
        with pytest.raises(DispositionRefusal) as refused:
            catalog.add_rule(manager, disposition, values)
        assert refused.value.field == field
    rule = catalog.add_rule(manager, disposition, {"question": question, "answer": "yes", "words": ["please  send"]})
    assert rule.campaign == campaign
    assert catalog.rule_words(rule).endswith("· Wants: Yes · says: “please send”")


def test_the_pages_add_change_and_remove(client: Client, manager: User) -> None:
    client.force_login(manager)
    sent = {"name": "Wants an offer", "follows": "callback", "minutes": "90"}
    assert client.post(reverse("dispositions"), sent | {"minutes": "1"}).status_code == 422
    assert client.post(reverse("dispositions"), sent).status_code == 302
    made = Disposition.objects.get()
    page = reverse("disposition", args=[made.pk])
    assert client.post(reverse("disposition-rule-add", args=[made.pk]), {}).status_code == 422
    assert client.post(reverse("disposition-rule-add", args=[made.pk]), {"result": "busy"}).status_code == 302
    assert "all campaigns and single calls · result: Busy" in text_of(client.get(page))
    rule = DispositionRule.objects.get()
    remove = reverse("disposition-rule-remove", args=[made.pk, rule.pk])
    assert client.post(remove).status_code == 302
    assert not DispositionRule.objects.exists()
    assert "Wants an offer" in text_of(client.get(reverse("dispositions")))
    codes = AuditEvent.objects.filter(action__startswith="disposition.").order_by("pk").values_list("action", flat=True)
    assert list(codes) == ["disposition.added", "disposition.rule_added", "disposition.rule_removed"]
