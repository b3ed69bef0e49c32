"""The plain designs, as baselines: one task and one request a call."""

from __future__ import annotations

import requests
from django.utils import timezone

TIMEOUT = 30
MAX_STATUS_WORD = 80


def place(call_id: int) -> None:
    """Place one call: one django-q2 task, one `requests.post`, one row saved (Bolna's API)."""
    from campaigns.models import Call

    call = Call.objects.select_related("provider", "agent").get(pk=call_id)
    call.status, call.placing_at = "placing", timezone.now()
    call.save()
    answer = requests.post(
        f"{call.provider.options['base_url']}/call",
        json={
            "agent_id": call.agent.remote_id if call.agent else "",
            "recipient_phone_number": call.to_number,
            "user_data": call.variables,
        },
        headers={"Authorization": f"Bearer {call.provider.secrets.open()['api_key']}"},
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    call.remote_id, call.status, call.placed_at = answer.json()["execution_id"], "queued", timezone.now()
    call.save()


def read_back(call_id: int, url: str, headers: dict[str, str]) -> None:
    """Read one call's state: one `requests.get`, one row saved."""
    from campaigns.models import Call

    answer = requests.get(url, headers=headers, timeout=TIMEOUT)
    answer.raise_for_status()
    call = Call.objects.get(pk=call_id)
    found = answer.json()
    call.raw_status = str(found.get("status") or found.get("call_status") or "")[:MAX_STATUS_WORD]
    call.polls += 1
    call.changed_at = timezone.now()
    call.save()
