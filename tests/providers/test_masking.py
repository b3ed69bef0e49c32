"""The exchange log keeps what finds a cause: no secret in any form, no name, no message, no medical word."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from providers.concealing import Concealer
from providers.exceptions import OrderRejected
from providers.masking import concealer, masked_body
from providers.models import Provider, ProviderExchange
from tests.conftest import make_provider

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
SECRETS = ('sk+live/0123456789=ü"x', "abc", "short7", " pasted-with-blanks ")
NAME, WORD, MESSAGE, VARIABLE = "Shirin", "diabetes", "Your insulin is ready", "diagnosis"
SENT = {
    "agent_id": "a1b2c3d4",
    "recipient_phone_number": "+989121234567",
    "text": MESSAGE,
    "user_data": {"name": NAME, VARIABLE: WORD, "call_reference": "1b4e28ba"},
    VARIABLE: WORD,
    "retries": 0,
}


def in_all_forms(secret: str) -> dict[str, str]:
    """Return texts that hold a secret, each in another form."""
    raw = secret.strip().encode()
    return {
        "itself": secret.strip(),
        "within a text": f"xx{secret.strip()}yy",
        "percent-encoded": f"q={quote(raw, safe='')}",
        "percent-encoded, small": f"q={quote(raw, safe='').lower()}",
        "as a form": f"q={quote_plus(raw)}",
        "escaped": json.dumps({"k": secret.strip()}),
        "escaped twice": json.dumps(json.dumps({"k": secret.strip()})),
        "base64": base64.b64encode(raw).decode(),
        "base64 after a name": base64.b64encode(b"user:" + raw + b":more").decode(),
        "base64 after another": base64.b64encode(b"users:" + raw + b":more").decode(),
        "base64 after a third": base64.urlsafe_b64encode(b"a-user:" + raw + b"::more").decode(),
        "hexadecimal": raw.hex(),
    }


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_in_every_form(secret: str) -> None:
    conceal = Concealer([secret])
    for form, text in in_all_forms(secret).items():
        if len(secret.strip()) < 6 and form.startswith("base64 "):
            continue  # Three letters beside others fill no whole group of base64.
        assert "•••" in conceal(text), form
        assert secret.strip() not in conceal(text), form
    assert conceal("nothing of it") == "nothing of it"


@pytest.mark.django_db
def test_the_log_keeps_no_secret_name_message_or_medical_word() -> None:
    provider = make_provider()
    refusal = f"Variable {VARIABLE} of {NAME} is too long: {WORD} (key abc)"
    for number, secret in enumerate(SECRETS):
        answer = {"status": "failed", "error": refusal, "data": [NAME, {"name": NAME, "id": secret}], "x": NAME}
        answer |= dict(zip(("code", "type", "state"), in_all_forms(secret).values(), strict=False))
        Provider.objects.note_exchange(
            provider.pk, what="place_call", method="POST", path=f"/calls/{quote(secret.strip(), safe='')}/stop",
            error=OrderRejected(f"{refusal}: {secret}"), sent=SENT | {"id": secret},
            answered=json.dumps(answer).encode(), secrets=SECRETS,
        )  # fmt: skip
        line = ProviderExchange.objects.order_by("-pk")[0]
        kept = f"{line.path} {line.error} {line.sent} {line.answered}"
        for hidden in (secret.strip(), NAME, WORD, MESSAGE, VARIABLE, "insulin", "9121234567", quote(secret.strip())):
            assert hidden.lower() not in kept.lower(), (number, hidden)
        assert '"status": "failed"' in line.answered
        assert "is too long" in line.error
        assert '"retries": 0' in line.sent


def leaves(value: Any, name: str = "") -> Any:
    """Yield (field's name, value) of every text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    elif isinstance(value, str):
        yield name, value


PRIVATE = {
    "text", "content", "chat", "transcript", "summary", "message", "customer_name", "name", "agent_name", "email",
    "address", "system_prompt", "prompt", "welcome_message", "initial_message", "objective", "subjective",
    "reasoning_objective", "reasoning_subjective", "recording_url", "twilio_auth_token", "salary_expected", "variable2",
    "appointment_date", "recipient_data", "context_details", "description",
}  # fmt: skip


@pytest.mark.parametrize("vendor", ["bitel", "unleashx", "bolna", "voicy", "vocode"])
def test_of_every_recorded_exchange_the_states_stay_and_nothing_private(vendor: str) -> None:
    kept_states = 0
    for path in sorted((PAYLOADS / vendor).glob("*.json")):
        recorded = json.loads(path.read_text())
        bodies = [one.get("json") for one in recorded.get("sent", [])]
        bodies += [recorded.get("answer"), *(one.get("answer") for one in recorded.get("exchanges", []))]
        for body in filter(None, bodies):
            said = masked_body(body, concealer(()))
            kept = {text for _name, text in leaves(json.loads(said))} if said.startswith(("{", "[")) else set()
            for name, text in leaves(body):
                if name in PRIVATE and len(text) > 3:
                    assert text not in kept, (path.name, name)
            kept_states += sum(name in said for name in ('"status"', '"call_status"', '"statusCode"', '"stage"'))
    assert kept_states > 2
