"""Every page of the console: who opens it and where it is, with the ids that this installation has."""

from __future__ import annotations

from typing import NamedTuple

from tests.browser.conftest import Console


class ConsolePage(NamedTuple):
    """One page: who opens it, its address, and the answer that is right."""

    username: str
    path: str
    status: int = 200


def pages_of(console: Console) -> list[ConsolePage]:
    """Return one address of every page of the console, in states that show much."""
    finished = console.number_of("SELECT min(id) FROM campaigns_campaign WHERE status = 'finished'")
    draft = console.number_of("SELECT min(id) FROM campaigns_campaign WHERE status = 'draft'")
    talked = console.number_of("SELECT min(id) FROM campaigns_call WHERE talk_seconds > 0")
    failed = console.number_of("SELECT min(id) FROM campaigns_call WHERE status NOT IN ('completed', 'pending')")
    person = console.number_of(f"SELECT contact_id FROM campaigns_call WHERE id = {talked}")
    forbidden = console.number_of(
        "SELECT min(c.id) FROM campaigns_contact c JOIN campaigns_donotcall d ON d.phone = c.phone"
    )
    people = console.number_of("SELECT min(id) FROM campaigns_contactlist WHERE name = 'Appointments this week'")
    empty = console.number_of("SELECT min(id) FROM campaigns_contactlist WHERE name = 'Empty list'")
    saved = console.number_of("SELECT min(id) FROM campaigns_contactimport WHERE status = 'saved'")
    checked = console.number_of("SELECT min(id) FROM campaigns_contactimport WHERE status = 'checked'")
    asked = console.number_of("SELECT min(id) FROM campaigns_contactimport WHERE original_name = 'flights.xlsx'")
    bolna = console.number_of("SELECT min(id) FROM providers_provider WHERE vendor = 'bolna'")
    bitel = console.number_of("SELECT min(id) FROM providers_provider WHERE vendor = 'bitel'")
    changed = console.number_of("SELECT min(campaign_id) FROM campaigns_campaignapproval WHERE ended_at IS NULL")
    question = console.number_of("SELECT min(id) FROM campaigns_question")
    surveyed = console.number_of(f"SELECT campaign_id FROM campaigns_question WHERE id = {question}")
    word = console.number_of("SELECT min(id) FROM campaigns_disposition")
    worded = console.number_of("SELECT min(call_id) FROM campaigns_calldisposition")
    card = console.number_of("SELECT min(id) FROM campaigns_scorecard")
    queue = console.number_of("SELECT min(id) FROM campaigns_reviewqueue")
    scored = console.number_of("SELECT min(call_id) FROM campaigns_scorecardreview")
    given = console.number_of("SELECT min(id) FROM campaigns_handover")
    planned = console.number_of("SELECT min(id) FROM campaigns_callback")
    manager = (
        "/today/",
        "/quick-call/",
        f"/quick-call/?again={talked}",
        f"/quick-call/?person={forbidden}",
        "/decisions/",
        f"/hand-overs/{given}/",
        "/campaigns/",
        "/campaigns/?state=stopped",
        "/campaigns/new/",
        f"/campaigns/{draft}/",
        f"/campaigns/{draft}/edit/",
        f"/campaigns/{draft}/variants/",
        f"/campaigns/{draft}/check/",
        f"/campaigns/{draft}/check/do_not_call/",
        f"/campaigns/{finished}/",
        f"/campaigns/{finished}/hours/",
        f"/campaigns/{finished}/people/",
        f"/campaigns/{finished}/people/?state=talked",
        f"/campaigns/{finished}/people/?q=nobody+of+this+name",
        f"/campaigns/{surveyed}/results/",
        f"/campaigns/{surveyed}/results/?sort={question}",
        f"/campaigns/{draft}/results/",
        f"/campaigns/{surveyed}/questions/",
        f"/campaigns/{surveyed}/questions/{question}/",
        f"/calls/?campaign={surveyed}&question={question}&answer=yes&column=person&column=answer-{question}",
        "/reviews/",
        "/reviews/new/",
        f"/reviews/{queue}/",
        f"/reviews/{queue}/edit/",
        "/reviews/results/",
        "/scorecards/",
        f"/scorecards/{card}/",
        f"/calls/{scored}/",
        f"/calls/{scored}/?queue={queue}",
        "/dispositions/",
        f"/dispositions/{word}/",
        f"/calls/?disposition={word}&column=person&column=disposition",
        f"/calls/{worded}/",
        f"/campaigns/{finished}/redial/",
        f"/campaigns/{finished}/repeat/",
        f"/campaigns/{draft}/second-provider/",
        f"/campaigns/{finished}/settings/",
        f"/campaigns/{finished}/activity/",
        f"/campaigns/{finished}/activity/?by=system",
        "/people/",
        "/people/?q=nobody+of+this+name",
        "/people/new/",
        f"/people/{person}/",
        f"/people/{forbidden}/",
        f"/people/{person}/edit/",
        f"/people/{person}/merge/",
        f"/people/{person}/merge/{forbidden}/",
        "/lists/",
        f"/lists/{people}/",
        f"/lists/{empty}/",
        "/people/allowed-numbers/",
        "/own-numbers/",
        "/privacy/erasures/",
        f"/people/{person}/erase/",
        "/do-not-call/",
        "/do-not-call/import/",
        "/imports/new/",
        "/imports/sources/",
        f"/imports/{saved}/source/",
        f"/imports/{saved}/",
        f"/imports/{checked}/columns/",
        f"/imports/{asked}/columns/",
        f"/imports/{checked}/check/",
        "/calls/",
        "/calls/?state=talked&since=2020-01-01",
        "/calls/?person=nobody+of+this+name",
        "/calls/?column=person&column=why&column=tags&column=reference&talked_from=1",
        "/calls/total/",
        "/calls/export/?state=talked",
        "/people/export/",
        "/calls/exports/",
        f"/calls/{talked}/",
        f"/calls/{failed}/",
        f"/calls/{talked}/callback/",
        f"/people/{person}/callback/",
        "/audit/",
        "/audit/?group=campaigns",
        "/audit/?thing=nobody+of+this+name",
        "/webhooks/",
        "/preferences/",
        "/password/",
        "/prove/password/",
        "/second-factor/",
        "/second-factor/app/",
        "/second-factor/keys/new/",
        "/second-factor/keys/",
        "/users/",
        "/api/keys/",
        "/api/reference/",
        "/preferences/sessions/",
        "/notices/",
        "/preferences/notices/",
        "/preferences/notices/digest/weekly/",
        "/providers/",
        "/spending-limits/",
        f"/providers/{bolna}/",
        "/reports/",
        "/reports/?whole=1",
        "/reports/differences/",
        "/reports/?since=2020-01-01&until=2020-01-31",
    )
    return [
        ConsolePage("", "/login/"),
        ConsolePage("", "/password/forgotten/"),
        ConsolePage("", "/password/forgotten/sent/"),
        *(ConsolePage("manager", path) for path in manager),
        ConsolePage("manager", "/search/"),
        ConsolePage("manager", "/search/?q=a"),
        ConsolePage("caller", "/search/?q=an"),
        ConsolePage("caller", "/today/"),
        ConsolePage("caller", "/calls/"),
        ConsolePage("caller", "/audit/"),
        ConsolePage("admin", "/audit/"),
        ConsolePage("admin", "/today/"),
        ConsolePage("admin", "/users/"),
        ConsolePage("admin", "/users/invite/"),
        ConsolePage("admin", f"/hand-overs/{given}/"),
        ConsolePage("admin", f"/callbacks/{planned}/"),
        ConsolePage("manager", "/decisions/two-people/"),
        ConsolePage("admin", "/decisions/two-people/"),
        ConsolePage("admin", f"/campaigns/{changed}/"),
        ConsolePage("admin", f"/campaigns/{changed}/check/"),
        ConsolePage("admin", "/providers/"),
        ConsolePage("admin", "/spending-limits/"),
        ConsolePage("admin", f"/providers/{bolna}/"),
        ConsolePage("admin", f"/providers/{bitel}/"),
        ConsolePage("admin", "/privacy/retention/"),
        ConsolePage("admin", "/holidays/"),
        ConsolePage("admin", "/setup/auth/group/"),
        ConsolePage("admin", "/setup/auth/group/add/"),
        ConsolePage("admin", "/setup/access/team/"),
        ConsolePage("admin", "/setup/campaigns/installationsettings/"),
        ConsolePage("admin", "/people/allowed-numbers/", 403),
        ConsolePage("caller", "/calls/export/", 403),
    ]
