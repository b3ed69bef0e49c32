"""An upgrade in mid campaign: rows stay, the old web works beside the new tables, and nobody is rung twice."""

from __future__ import annotations

from collections import Counter

import pytest
import requests

from providers.sandbox.accounts import ACCOUNT_OF
from tests.end_to_end.browser import Browser
from tests.migrated import ROOT
from tests.upgrades.conftest import Upgraded

pytestmark = [pytest.mark.upgrades]

PEOPLE = 150
DIALLED = 20
"""Calls that the version before has placed when it is stopped."""
QUICK = {"before": "+989121119901", "new": "+989121229901"}
PAGES = {
    "caller": ("/today/", "/calls/", "/campaigns/", "/people/", "/people/?q=Maryam", "/lists/", "/quick-call/"),
    "manager": ("/today/", "/calls/", "/calls/?words=parcel", "/reports/", "/do-not-call/", "/calls/exports/"),
    "admin": ("/today/", "/providers/", "/setup/"),
}
"""Pages by the log-in that opens them."""
ASKED_ANEW = {
    # Labels of rights are written from the table of rights at each migration.
    "auth_permission": "SELECT id, content_type_id, codename FROM auth_permission",
    # So are the rights of the built-in roles; those of own roles stay.
    "auth_group_permissions": "SELECT p.group_id, p.permission_id FROM auth_group_permissions p"
    " JOIN auth_group g ON g.id = p.group_id WHERE g.name NOT IN ('Callers', 'Managers', 'Admins')",
    # Addresses of mails are in small letters since people can log in by them.
    "auth_user": "SELECT id, username, password, lower(email), first_name, last_name, is_active, is_staff, is_superuser"
    " FROM auth_user",
}
"""What is compared of tables that every migration brings up to this version."""
FINAL = {"completed", "no_answer", "busy", "failed", "canceled", "skipped"}


def test_an_upgrade_in_mid_campaign(upgraded: Upgraded) -> None:
    stack = upgraded
    stack.inside(f"open_limits(20); launch_at_new_people('bolna', {PEOPLE}, 30_000)")
    fill(stack)
    ((campaign,),) = stack.rows("SELECT id FROM campaigns_campaign WHERE name = 'Campaign at bolna'")
    people = {name: stack.log_in(name) for name in PAGES}
    look_around(people, campaign)
    stack.start_worker()
    stack.wait(lambda: len(stack.journal()) >= DIALLED, 180, "the first calls", every=0.05)
    stack.end_worker()
    waiting = stack.rows(f"SELECT count(*) FROM campaigns_call WHERE campaign_id = {campaign} AND status = 'pending'")
    assert waiting[0][0] > 0, "nothing waited any more: the upgrade was not in mid campaign"

    before = stack.everything(but=ASKED_ANEW)
    kept = {name: set(stack.rows(asked)) for name, asked in ASKED_ANEW.items()}
    stack.code = ROOT
    stack.manage("migrate", "--no-input", "-v0")
    after = stack.everything(before)
    lost = {name: sorted(rows - after[name][1])[:3] for name, (_columns, rows) in before.items()}
    assert {name: rows for name, rows in lost.items() if rows} == {}
    assert len(before) > 50
    gone = {name: sorted(kept[name] - set(stack.rows(asked)))[:3] for name, asked in ASKED_ANEW.items()}
    assert {name: rows for name, rows in gone.items() if rows} == {}

    # The web of the version before still runs, on the new tables; so does the worker of this one beside it.
    look_around(people, campaign)
    stack.start_worker()
    call_now(stack, people["caller"], QUICK["before"])
    stack.start_web()
    for browser in people.values():
        # At the web of this version, still logged in.
        browser.origin = stack.origin
    look_around(people, campaign)
    call_now(stack, people["caller"], QUICK["new"])
    stack.wait(lambda: is_over(stack, campaign), 400, "every call at its end")

    dialled = Counter(entry["to_number"] for entry in stack.journal())
    assert [number for number, times in dialled.items() if times > 1] == []
    numbers = {
        number for (number,) in stack.rows(f"SELECT to_number FROM campaigns_call WHERE campaign_id = {campaign}")
    }
    assert len(numbers) == PEOPLE
    assert set(dialled) >= {*numbers, *QUICK.values()}
    # After the move of the campaign to its end as before it.
    look_around(people, campaign)
    # The web of the version before wrote files that others may read: they are closed at the next start.
    stack.manage("prepare")
    assert "PROBLEM" not in stack.manage("doctor")


def fill(stack: Upgraded) -> None:
    """Give every table rows, of a made-up history and of every kind of column."""
    stack.manage("make_history", "--contacts", "200", "--calls", "400", "--among-real-calls")
    stack.inside("assert fill_every_table() == [], fill_every_table()")


def look_around(people: dict[str, Browser], campaign: int) -> None:
    """Open the pages of everybody, and those of the campaign."""
    for name, browser in people.items():
        for path in PAGES[name]:
            browser.open(path)
            assert 'name="password"' not in browser.page.text, f"{name} is no longer logged in"
    for page in ("", "people/", "settings/", "activity/", "hours/"):
        people["manager"].open(f"/campaigns/{campaign}/{page}")


def call_now(stack: Upgraded, sara: Browser, number: str) -> None:
    """Place a quick call by its form, and wait until it is over."""
    sara.open("/quick-call/")
    sara.send(sara.form("number"), number=number, provider=ACCOUNT_OF["bolna"].name)
    sara.send(sara.form("number"), press=("do", "check"), agent="Appointment reminder")
    form = sara.form("number")
    variables = {name: "ten o'clock" for name, _value in form.fields if name.startswith("var_")}
    text = sara.send(form, press=("do", "call"), **variables)
    assert "/calls/" in sara.page.url, text[-3000:]
    asked = f"SELECT status FROM campaigns_call WHERE to_number = '{number}'"
    stack.wait(lambda: stack.rows(asked)[0][0] in FINAL, 240, f"the end of a quick call to {number[-4:]}")
    assert stack.rows(asked) == [("completed",)], stack.rows(
        f"SELECT * FROM campaigns_call WHERE to_number = '{number}'"
    )
    requests.get(f"{sara.origin}/healthz", timeout=10).raise_for_status()


def is_over(stack: Upgraded, campaign: int) -> bool:
    found = stack.rows(f"SELECT status FROM campaigns_call WHERE campaign_id = {campaign}")
    return {status for (status,) in found} <= FINAL
