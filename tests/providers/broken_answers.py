"""What every backend must keep where an answer is broken: nothing but `ProviderError` leaves it, and no secret.

Part of `contract.ProviderContract`, which says how a vendor's own test module uses it.
"""

from __future__ import annotations

import itertools
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.exceptions import OrderRejected, ProviderError
from tests.providers.exchanges import (
    ANSWER_KEYS,
    CANARY,
    Exchanges,
    ScriptedClient,
    failure_of,
    handle_from,
    mutations,
)
from tests.providers.vendor_stub import Answer, VendorStub

ODD_VALUES = (None, [], {}, 0, "")
"""What stands in turn in each field of each object of a recorded answer, and a long text besides."""


def with_each_field(value: Any, odd: Any) -> Iterator[tuple[str, Any]]:
    """Yield the path of each field of each object in a JSON value, and the value with `odd` in that field."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, {**value, name: odd}
            for path, broken in with_each_field(item, odd):
                yield f"{name}.{path}", {**value, name: broken}
    elif isinstance(value, list):
        for place, item in enumerate(value):
            for path, broken in with_each_field(item, odd):
                yield f"{place}.{path}", [*value[:place], broken, *value[place + 1 :]]


class BrokenAnswers(Exchanges):
    """The part of the suite that breaks answers; not collected itself, since its name has no `Test` before it."""

    def test_field_of_another_kind_never_crashes(self) -> None:
        number = self.order().to_number
        echo = f"{' '.join(self.all_secrets().values())} {number} " * 100
        crashes, told, tried = [], [], 0
        for name, found in sorted(self.read_payloads().items()):
            recorded = {"options": {}, "status": 200, **found}
            # A vendor that refuses may well repeat what it was sent.
            turns = [(odd, recorded["status"]) for odd in ODD_VALUES] + [(echo, recorded["status"]), (echo, 400)]
            for (odd, status), key in itertools.product(turns, sorted(ANSWER_KEYS & recorded.keys())):
                for path, answer in with_each_field(recorded[key], odd):
                    tried += 1
                    broken = {**recorded, key: answer, "status": status}
                    client = ScriptedClient(broken)
                    try:
                        self.run(broken, self.backend_behind(client, client.origin, **recorded["options"]))
                    except ProviderError as error:
                        text = f"{error!r} {vars(error)} {''.join(traceback.format_exception(error))}"
                        if CANARY in text or number.removeprefix("+") in text:
                            told.append(f"{name}: {path}")
                    except Exception as error:  # every field is named, not the first alone
                        crashes.append(f"{name}: {path} = {str(odd)[:20]!r}: {error!r:.200}")
        assert tried > 100
        assert not crashes, crashes
        assert not told, told

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(draw=st.data())
    def test_rubbish_never_crashes(self, draw: st.DataObject) -> None:
        recorded = draw.draw(st.sampled_from(sorted(self.read_payloads().items())))[1]
        broken = {**recorded, "options": recorded.get("options", {})}
        for key in ANSWER_KEYS & recorded.keys():
            broken[key] = draw.draw(mutations(recorded[key]))
        client = ScriptedClient(broken)
        with suppress(ProviderError):
            self.run(broken, self.backend_behind(client, client.origin, **broken["options"]))

    def test_no_secret_in_any_text(self, stub: VendorStub, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        echo = {"error": f"bad key {CANARY}-api_key", "message": " ".join(self.all_secrets().values())}
        order, handle = self.order(), handle_from(self.fetch_with_word(stub)["handle"])
        for answer in (
            Answer(400, echo),
            Answer(401, echo),
            Answer(500, echo),
            Answer(200, echo),
            Answer(fault="reset"),
        ):
            stub.answer(answer)
            backend = self.open_backend(stub)
            calls: list[Callable[[], Any]] = [
                lambda backend=backend: backend.place_call(order),
                lambda backend=backend: backend.fetch_calls([handle]),
                backend.check_credentials,
            ]
            for call in calls:
                if (error := failure_of(call)) is None:
                    continue
                text = f"{error!r} {error} {vars(error)} {backend!r} {backend.client!r}"
                assert CANARY not in text + "".join(traceback.format_exception(error))
                assert order.to_number.removeprefix("+") not in text
        assert CANARY not in caplog.text
        assert order.to_number not in caplog.text

    def test_phone_number_in_the_vendors_reason_is_not_kept(self, stub: VendorStub) -> None:
        order = self.order()
        stub.answer(Answer(400, {"message": f"The number {order.to_number} is not valid."}))
        with pytest.raises(OrderRejected) as caught:
            self.open_backend(stub).place_call(order)
        assert order.to_number.removeprefix("+") not in f"{caught.value!r} {caught.value.message}"
