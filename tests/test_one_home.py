"""Rules that had many homes have one: the product's syntax trees hold no second."""

from __future__ import annotations

import ast
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation

from callcenter.access.models import Membership, Team
from callcenter.access.roles import team_of
from callcenter.formats import amounts, masking, phones
from campaigns.core import chips
from providers.models import Provider, ProviderState
from tests.conftest import make_person, make_provider
from tests.sources import tree_of

ROOT = Path(__file__).parent.parent
MASKING = "callcenter/formats/masking.py"
WRITTEN = ("…", "•••")
NO_NUMBER = {"providers/sandbox/magic.py": "the simulator's endings with a meaning"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the product with its path."""
    for room in ("callcenter", "campaigns", "providers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), tree_of(path.read_text())


def cuts(tree: ast.AST) -> Iterator[str]:
    """Yield what cuts something to its last four signs, or puts the mark of a cut before something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Slice) and node.upper is None and isinstance(node.lower, ast.UnaryOp):
            lower = node.lower
            if isinstance(lower.op, ast.USub) and isinstance(lower.operand, ast.Constant) and lower.operand.value == 4:
                yield "[-4:]"
        if isinstance(node, ast.JoinedStr):
            for before, after in zip(node.values, node.values[1:], strict=False):
                text = before.value if isinstance(before, ast.Constant) else ""
                if isinstance(after, ast.FormattedValue) and str(text).rstrip().endswith(WRITTEN):
                    # The bullets of a stored key are followed by the end that `last_four` gives.
                    inside = after.value
                    if not (isinstance(inside, ast.Call) and getattr(inside.func, "id", "") == "last_four"):
                        yield ast.unparse(node)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('f"…{number[-4:]}"', 2),
        ("number[-4:]", 1),
        ('f"•••{end}"', 1),
        ('f"••• {end}"', 1),
        ('f"{text}…"', 0),
        ("number[:4]", 0),
    ],
)
def test_a_second_masking_would_be_seen(code: str, count: int) -> None:
    assert len(list(cuts(tree_of(code)))) == count


def test_numbers_are_masked_in_one_place() -> None:
    found = {path: list(cuts(tree)) for path, tree in trees() if path != MASKING and path not in NO_NUMBER}
    assert {path: what for path, what in found.items() if what} == {}


def test_the_team_of_a_person_is_looked_up_in_one_place() -> None:
    asked = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
                name = node.args[1]
                if isinstance(name, ast.Constant) and name.value == "membership":
                    asked.append(path)
    assert asked == ["callcenter/access/roles.py"]


def test_the_clock_of_the_boot_is_read_in_one_place() -> None:
    readers = [path for path, tree in trees() if "CLOCK_BOOTTIME" in ast.unparse(tree)]
    assert readers == ["providers/clock.py"]


def test_amounts_are_grouped_in_one_place() -> None:
    # What an operator reads on a terminal is English and has no page's language.
    terminal = (
        *("callcenter/diagnosis/", "callcenter/management/", "callcenter/moving/"),
        *("campaigns/management/", "campaigns/history/"),
    )
    found = set()
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                spec = ast.unparse(node.format_spec)
                if "," in spec:
                    found.add(path)
    found = {path for path in found if not path.startswith(terminal)}
    assert found == {"callcenter/formats/amounts.py"}


@pytest.mark.django_db
def test_the_team_of_a_person() -> None:
    person, lonely = make_person(), make_person()
    team = Team.objects.create(name="Front desk")
    Membership.objects.create(user=person, team=team)
    assert team_of(person) == team.pk
    assert [team_of(nobody) for nobody in (lonely, AnonymousUser(), None)] == [None] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "state", "says", "step", "stops"),
    [
        ({"is_active": False}, "off", "turned off", "turn it on", True),
        ({"halted_at": 1, "halted_reason": "No key."}, "halted", "Paused: No key.", "tests and resumes it", True),
        (
            {"frozen_at": 1, "frozen_reason": "a restore."},
            "frozen",
            "On hold: a restore.",
            "compared automatically",
            True,
        ),
        (
            {"breaker_opened_at": 1, "breaker_reason": "x"},
            "paused",
            "Paused automatically",
            "tested automatically",
            True,
        ),
        ({"slow_until": 60}, "slowed", "asks us to slow down", "automatically", False),
        ({"slow_until": 400 * 86_400, "last_success_at": 1}, "ready", "", "", False),
        ({"slow_until": -5, "last_success_at": 1}, "ready", "", "", False),
        ({"last_error_at": 1, "last_error_kind": "NotSent"}, "failing", "could not be reached", "retried", False),
        ({"last_success_at": 1}, "ready", "", "", False),
        ({}, "untested", "not been tested", "Test connection", False),
        ({"halted_at": 1, "frozen_at": 1, "breaker_opened_at": 1, "slow_until": 60}, "halted", "Paused", "", True),
        ({"frozen_at": 1, "breaker_opened_at": 1, "slow_until": 60}, "frozen", "On hold", "", True),
        ({"breaker_opened_at": 1, "slow_until": 60, "last_error_at": 1}, "paused", "Paused", "", True),
    ],
)
def test_every_asker_reads_the_same_state(
    fields: dict[str, object], state: str, says: str, step: str, stops: bool
) -> None:
    """The row, its chip, its needs, the health check and the commit point's question."""
    now = timezone.now()
    moments = {
        name: now + datetime.timedelta(seconds=value)
        if isinstance(value, int) and name.endswith(("_at", "_until"))
        else value
        for name, value in fields.items()
    }
    provider = Provider.objects.get(pk=make_provider(**moments).pk)
    standing = provider.standing
    assert (provider.state, standing.state) == (state, state)
    assert says in str(standing.sentence)
    assert step in str(standing.step)
    assert bool(provider.stop_reason) is stops
    assert provider.state.is_stop is stops
    assert provider not in Provider.objects.callable() if stops else provider in Provider.objects.callable()
    assert chips.provider_chip(provider).label == ProviderState(state).label


def test_every_state_has_a_look() -> None:
    assert set(chips.PROVIDER_LOOKS) == set(ProviderState)


@pytest.mark.parametrize(
    ("amount", "currency", "plain", "persian"),
    [
        ("1234.5", "USD", "1,234.50 USD", "1,234.50 USD"),
        ("0.0312", "USD", "0.0312 USD", "0.0312 USD"),
        ("1500", "IRT", "1,500 Toman", "۱٬۵۰۰ تومان"),
        ("1500", "", "1,500.00", "1,500.00"),
        (None, "USD", "–", "–"),
        ("much", "USD", "–", "–"),
    ],
)
def test_money_reads_the_same_with_and_without_markup(
    amount: str | None, currency: str, plain: str, persian: str
) -> None:
    for language, text in (("en", plain), ("fa", persian)):
        with translation.override(language):
            assert amounts.plain_money(amount, currency) == text
            assert text in amounts.money(amount, currency)


def test_what_is_masked_shows_four_signs() -> None:
    assert masking.ending("+989121234567") == "…4567"
    assert masking.dotted("+989121234567", "+98") == "+98 ••• 4567"
    assert masking.ending_if_long("4567") == ""
    assert phones.masked_phone("+989121234567") == '<bdi dir="ltr">+98 ••• 4567</bdi>'
