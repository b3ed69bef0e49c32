"""Notes, tags and reviews of a call, the search in its transcript, and what its page shows to whom."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.calls import remarks
from campaigns.core.refusals import Refusal
from campaigns.core.transcript_words import marked, words_of
from campaigns.models import Call, CallNote, CallReview, CallTag, CallTagging, CallTranscript
from providers.masking import masked_body
from providers.models import Provider, ProviderExchange
from providers.types import CallStatus
from tests.answers import html_of
from tests.conftest import make_call, make_provider
from tests.shown import shown_at

NOW = timezone.now()


def make_talk(*said: str, summary: str = "", **fields: Any) -> Call:
    call = make_call(**{"status": CallStatus.COMPLETED, "talk_seconds": 30, "ended_at": NOW} | fields)
    turns = [{"speaker": "person", "text": text, "at_ms": 1000 * n} for n, text in enumerate(said)]
    CallTranscript.objects.create(call=call, turns=turns, text="\n".join(said), summary=summary)
    return call


# Remarks


def test_several_notes_stand_with_who_and_when(client: Client, caller: User, manager: User) -> None:
    call = make_call(owner=caller)
    for person, text in ((caller, "Asked for a\nsecond date"), (manager, "<b>seen</b>")):
        client.force_login(person)
        client.post(reverse("call-note", args=[call.pk]), {"text": text})
    page = html_of(client.get(reverse("call", args=[call.pk])))
    assert "Asked for a<br>second date" in page
    assert "&lt;b&gt;seen" in page
    assert "sara" in page
    assert [note.author for note in CallNote.objects.all()] == [caller, manager]
    assert AuditEvent.objects.filter(action="call.note_added").count() == 2
    refused = client.post(reverse("call-note", args=[call.pk]), {"text": "  "})
    assert refused.status_code == 422
    too_long = html_of(client.post(reverse("call-note", args=[call.pk]), {"text": "kept words " * 200}))
    assert "kept words" in too_long, "what was typed stays"
    assert CallNote.objects.count() == 2


def test_tags_are_free_words_each_once_and_suggested(as_manager: Client, manager: User) -> None:
    call, other = make_call(), make_call()
    as_manager.post(reverse("call-tag", args=[call.pk]), {"tags": "Angry، angry, second date"})
    as_manager.post(reverse("call-tag", args=[other.pk]), {"tags": "ANGRY"})
    assert list(CallTag.objects.order_by("name").values_list("name", flat=True)) == ["Angry", "second date"]
    page = html_of(as_manager.get(reverse("call", args=[other.pk])))
    assert '<option value="second date">' in page
    assert "/calls/?tag=Angry" in page
    tag = CallTag.objects.get(name="Angry")
    for _ in range(2):
        as_manager.post(reverse("call-untag", args=[other.pk, tag.pk]))
    assert not CallTagging.objects.filter(call=other).exists()
    assert AuditEvent.objects.filter(action="call.untagged").count() == 1
    assert as_manager.post(reverse("call-tag", args=[call.pk]), {"tags": "!!"}).status_code == 422
    many = ",".join(f"tag{n}" for n in range(20))
    assert "at most 20 tags" in html_of(as_manager.post(reverse("call-tag", args=[call.pk]), {"tags": many}))
    assert CallTagging.objects.filter(call=call).count() == 2


def test_a_manager_reviews_and_the_last_word_stands(client: Client, caller: User, manager: User) -> None:
    call = make_call(owner=caller)
    address = reverse("call-review", args=[call.pk])
    client.force_login(caller)
    assert client.post(address, {"score": "5"}).status_code == 403
    assert "Review this call" not in html_of(client.get(reverse("call", args=[call.pk])))
    client.force_login(manager)
    for score in ("2", "4"):
        seen = shown_at(client, reverse("call", args=[call.pk]))
        client.post(address, {"score": score, "comment": "polite"} | seen)
    for wrong in ("0", "6", "", "x"):
        assert client.post(address, {"score": wrong}).status_code == 422
    review = CallReview.objects.get()
    assert (review.score, review.comment, review.reviewer) == (4, "polite", manager)
    assert AuditEvent.objects.filter(action="call.reviewed").latest("id").detail == {"score": 4, "before": 2}
    assert "4 of 5" in html_of(client.get(reverse("call", args=[call.pk])))


def test_nobody_remarks_on_calls_of_others_or_without_the_right(
    client: Client, caller: User, admin_person: User
) -> None:
    call = make_call()
    for person, status in ((caller, 404), (admin_person, 403)):
        client.force_login(person)
        for name, form in (("call-note", {"text": "x"}), ("call-tag", {"tags": "x"})):
            assert client.post(reverse(name, args=[call.pk]), form).status_code == status
    with pytest.raises(Refusal):
        remarks.review(call, admin_person, 6)


# The transcript


def test_looked_for_words_are_marked_in_any_writing(as_manager: Client) -> None:
    call = make_talk("می‌خواهم نوبت را لغو كنم", "Cancel <it> please", "no", summary="Wants to cancel")
    page = html_of(as_manager.get(reverse("call", args=[call.pk]), {"find": "cancel"}))
    assert page.count("<mark>") == 2
    assert "<mark>Cancel</mark> &lt;it&gt; please" in page
    assert "2 words found" in page
    assert page.count('id="found"') == 1
    for wanted, written in (("کنم", "كنم"), ("میخواهم", "می‌خواهم")):
        assert f"<mark>{written}</mark>" in html_of(as_manager.get(reverse("call", args=[call.pk]), {"find": wanted}))
    page = html_of(as_manager.get(reverse("call", args=[call.pk]), {"find": "<script>"}))
    assert "Nothing found: try a shorter word" in page
    assert "<script>" not in page
    live = html_of(as_manager.get(reverse("call-live", args=[call.pk]), {"find": "cancel"}))
    assert "<mark>Cancel</mark>" in live
    assert re.search(rf'id="remarks-{call.pk}"\s+data-keep>\s*</div>', live), "forms are kept, not sent again"


@pytest.mark.parametrize("text", ["", "a", "one two", "  x ", "می‌خواهم", "é́ b", "\u200c\u200c"])
def test_marking_loses_nothing_of_a_text(text: str) -> None:
    for find in ("", "one", "x", "b", "می"):
        pieces = list(marked(text, words_of(find)))
        assert "".join(piece for piece, _ in pieces) == text


def test_a_rude_transcript_is_shown_all_the_same(as_manager: Client) -> None:
    call = make_call(status=CallStatus.COMPLETED, ended_at=NOW)
    turns = [{"speaker": None, "text": None}, {"text": 5, "at_ms": "soon"}, {"speaker": "agent", "at_ms": 7100.5}]
    CallTranscript.objects.create(call=call, turns=turns)
    assert as_manager.get(reverse("call", args=[call.pk]), {"find": "5"}).status_code == 200


# What is for whom


def test_admins_see_the_exchanges_of_a_call_and_nothing_secret(
    client: Client, admin_person: User, manager: User
) -> None:
    provider = make_provider()
    call, other = make_call(provider=provider), make_call(provider=provider)
    body = {
        "api_key": "sk-live-0123456789",
        "to": "+989121234567",
        "agent_id": "a1b2c3d4e5f6a7b8c9d0e1f2",
        "retries": 0,
    }
    answer = json.dumps({"status": "queued", "transcript": "words that were said", "n": 989121234567}).encode()
    note = {"method": "POST", "path": "/call", "http_status": 200, "sent": body, "answered": answer}
    Provider.objects.note_exchange(provider.pk, what="place_call", reference=call.reference, **note)
    Provider.objects.note_exchange(provider.pk, what="check_credentials", **note)
    kept = "".join(one.sent + one.answered for one in ProviderExchange.objects.all())
    for secret in ("sk-live", "9121234567", "a1b2c3d4e5f6", "words that were said"):
        assert secret not in kept, "masked before it is stored"
    client.force_login(admin_person)
    page = html_of(client.get(reverse("call", args=[call.pk])))
    assert "Request" in page
    assert "queued" in page
    assert "…4567" in page
    for secret in ("sk-live", "9121234567", "a1b2c3d4e5f6", "words that were said"):
        assert secret not in page
    assert "None are stored for this call" in html_of(client.get(reverse("call", args=[other.pk])))
    client.force_login(manager)
    assert "Request" not in html_of(client.get(reverse("call", args=[call.pk])))


@pytest.mark.parametrize(
    "body", [None, b"", b"<html>", b"[" * 5000, {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}]
)
def test_any_body_can_be_masked(body: Any) -> None:
    assert len(masked_body(body)) < 5000


def test_call_again_opens_the_quick_call_as_it_was(client: Client, caller: User) -> None:
    call = make_call(owner=caller, status=CallStatus.NO_ANSWER, ended_at=NOW, to_number="+989121234567")
    waiting = make_call(owner=caller)
    client.force_login(caller)
    address = f"{reverse('quick-call')}?again={call.pk}"
    for page in (reverse("call-log"), reverse("call", args=[call.pk])):
        assert address in html_of(client.get(page)), page
    assert f"again={waiting.pk}" not in html_of(client.get(reverse("call-log")))
    prefilled = html_of(client.get(address))
    assert 'value="+989121234567"' in prefilled
