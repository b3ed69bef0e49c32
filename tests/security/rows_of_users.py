"""Rows of what users have for themselves: sessions, keys, notices, webhooks, numbers."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.utils import timezone

from callcenter.access.models import OpenSession, TwoPersonRequest
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT
from callcenter.webhooks_out.signing import new_secret
from campaigns.models import (
    DoNotCall,
    Notice,
    OwnNumber,
    WebhookDelivery,
    WebhookReceiver,
)
from tests.conftest import make_campaign
from tests.programs import Program
from tests.security.row import Row, parts, serial

if TYPE_CHECKING:
    from tests.security.world import Whose


def own_number(whose: Whose) -> Row:
    made = OwnNumber.objects.create(person=whose.owner or whose.stand_in, phone=f"+98915{next(serial):07d}")
    return Row(parts(made))


def session(whose: Whose) -> Row:
    key = f"session-{next(serial):05d}"
    return Row(parts(OpenSession.objects.create(key=key, user=whose.owner or whose.stand_in)))


def notice(whose: Whose) -> Row:
    about = make_campaign(name=whose.mark("told"), **whose.columns)
    made = Notice.objects.create(
        user=whose.owner or whose.stand_in,
        kind="campaign_finished",
        object_type="campaign",
        object_id=about.pk,
        key=f"finished:{about.pk}",
    )
    return Row(parts(made), (about.name,))


def security_key(whose: Whose) -> Row:
    credential = {"clientExtensionResults": {"credProps": {"rk": False}}}
    made = Authenticator.objects.create(
        user=whose.owner or whose.stand_in,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": whose.mark("key"), "credential": credential},
    )
    return Row(parts(made), (made.data["name"],))


def api_key(whose: Whose) -> Row:
    made = Program(whose.owner or whose.stand_in, name=whose.mark("program")).key
    return Row(parts(made), (made.name, made.prefix))


def webhook(whose: Whose) -> Row:
    made = WebhookReceiver.objects.create(
        name=whose.mark("hook"), owner=whose.owner or whose.stand_in, url="https://hooks.example.org/in",
        secrets={"1": new_secret()},
    )  # fmt: skip
    return Row(parts(made), (made.name,))


def delivery(whose: Whose) -> Row:
    hook = webhook(whose)
    made = WebhookDelivery.objects.create(receiver_id=int(hook.parts["pk"]), kind="webhook.test", state="failed")
    return Row(hook.parts | {"delivery_pk": str(made.pk)}, hook.marks)


def user(whose: Whose) -> Row:
    made = whose.owner or whose.stand_in
    return Row(parts(made), (made.username, *([whose.team.name] if whose.team else [])))


def removal(whose: Whose) -> Row:
    """Make a request to remove an opt-out, which a second person must confirm."""
    phone = f"+98916{next(serial):07d}"
    thing = DoNotCall.objects.create(phone=phone, reason=whose.mark("optout"), added_by=whose.owner, team=whose.team)
    made = TwoPersonRequest.objects.create(
        kind=REMOVE_OPT_OUT,
        thing_type="donotcall",
        thing_id=str(thing.pk),
        thing_name=whose.mark("thing"),
        detail={"added_at": thing.added_at.isoformat()},
        reason=whose.mark("why"),
        asked_by=whose.owner or whose.stand_in,
        lapses_at=timezone.now() + datetime.timedelta(hours=1),
    )
    return Row(parts(made), (made.thing_name, made.reason))
