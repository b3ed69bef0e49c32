"""The list of the console's pages to measure, with slow variants; an address missing here is an error."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.landmarks import disposition_of, question_of, review_queue_of, scorecard_of, webhook_of

POSTED = frozenset(
    {
        "person-export", "person-export-number", "own-number-confirm", "own-number-remove",
        "campaign-again", "campaign-ask-rest", "campaign-end-pilot", "campaign-pilot", "campaign-skip",
        "campaign-start-at", "campaign-try", "export-delete", "filter-delete", "filter-save", "person-note",
        "person-note-remove", "person-tags", "person-take-apart", "person-merge", "provider-recording-host",
        "provider-unfreeze", "provider-skip-comparison", "unmatched-call-decide", "unmatched-calls-decide",
        "unmatched-calls-compare", "campaign-return", "campaign-legal-text",
        "notices-read", "notice-open", "notice-chat", "notice-test",
        "notice-chat-remove",
        "webhook-again", "webhook-again-all", "webhook-remove", "webhook-resume", "webhook-secret", "webhook-test",
        "logout", "set-language", "hook", "stop-all", "stop-all-release", "quick-call-check",
        "campaign-launch", "campaign-approve", "campaign-withdraw", "campaign-pause", "campaign-resume",
        "campaign-stop", "campaign-copy", "call-never-again", "call-note", "call-review", "call-tag",
        "call-untag", "call-answer", "call-disposition", "disposition-rule-add",
        "scorecard-point-add", "scorecard-point-remove", "call-scorecard",
        "disposition-rule-remove", "question-remove", "call-cancel", "call-settle", "call-again",
        "call-cancel-at-vendor", "call-hang-up", "person-notes", "person-forbid", "list-new", "list-rename",
        "list-remove-people", "list-remove", "import-source-read", "import-source-switch", "import-source-remove",
        "do-not-call-add", "do-not-call-remove", "import-save", "import-undo",
        "doubtful-wish",
        "allowed-number-withdraw", "call-opt-out", "import-answers", "import-numbers", "kept-form-discard",
        "person-number-add", "person-number-call", "person-number-remove",
        "two-people-confirm", "two-people-refuse", "two-people-withdraw",
        "callback-take-back", "callback-noted",
        "call-handled", "hand-over-done", "hand-over-drop", "provider-word", "spending-limit-remove",
        "session-end", "sessions-end-others", "invitation-renew", "second-factor-reset", "api-key-end",
        "provider-test", "provider-sync", "provider-halt", "provider-resume", "provider-webhook", "provider-key",
    }
)  # fmt: skip
"""Names of POST-only addresses, which have no page."""
ASKS_THE_VENDOR = frozenset({"call-player", "call-recording"})
"""Names of pages whose content comes from the vendor."""
OF_ONE_FILE = frozenset(
    {
        "import-source-new",
        "import-progress",
        "import-bad-rows",
        "import-rows",
        "import-row-fix",
        "export-fetch",
        "hand-over",
        "callback",
    }
)
"""Names of pages, downloads and fragments of one thing, as of one import: they do not grow with the history."""


OF_SIGN_IN = frozenset(
    {
        "account_login", "account_logout", "account_signup", "account_reauthenticate", "account_change_password",
        "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
        "account_reset_password_from_key_done", "mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn", "mfa_index", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_list_webauthn",
        "mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes", "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup", "socialaccount_connections", "openid_connect_login", "openid_connect_callback",
        "invitation", "prove",
    }
)  # fmt: skip
"""Names of pages of one person's own log-in: they do not grow with the history."""


class Page(NamedTuple):
    """One address to open."""

    name: str
    """Name of the URL pattern."""
    what: str
    args: tuple[Any, ...] = ()
    query: str = ""
    stock: str = ""
    """Query of the stock change list of calls that asks the same."""
    is_search: bool = False
    role: str = "manager"
    is_later: bool = False
    """Whether it is loaded after the page is shown: reported, but without a limit."""


class Landmarks(NamedTuple):
    """Ids of rows of the history that the pages are opened for."""

    campaign: int
    """The one with the most calls."""
    finished: int
    draft: int
    person: int
    """The one with the most calls."""
    member_list: int
    provider: int
    call: int
    """A finished call with a transcript."""
    import_id: int
    question: int
    """A question of the one with the most calls, answered by many."""
    review_queue: int
    """A queue of one call of 20 of that campaign, of at least ten seconds, that missed its goal."""
    scorecard: int
    webhook: int
    """One with a long log of deliveries."""
    disposition: int
    """A disposition that a quarter of its calls have."""
    in_campaign: int
    """The middle call of the biggest campaign."""
    of_person: int
    """The middle call of the person."""
    middle: int
    """The middle call of the log."""
    oldest: int
    person_middle: int
    membership_middle: int
    today: datetime.date
    rare_name: str
    number: str
    fragment: str
    """Digits from the middle of a number, to search for."""


def find_landmarks(import_id: int) -> Landmarks:
    """Find the rows to open, in a database that `make_history` filled."""
    from django.db.models import Count
    from django.utils import timezone

    from campaigns.models import Call, CallTranscript, Campaign, Contact, ContactList, ListMembership

    by_calls = Campaign.objects.annotate(n=Count("calls")).order_by("-n")
    campaign, finished = by_calls.first(), by_calls.filter(status=Campaign.Status.FINISHED).first()
    draft = Campaign.objects.filter(status=Campaign.Status.DRAFT).first()
    busiest = Call.objects.exclude(contact=None).order_by().values("contact").annotate(n=Count("pk")).order_by("-n")
    largest = ContactList.objects.annotate(n=Count("memberships")).order_by("-n").first()
    talk = CallTranscript.objects.order_by("-pk").first()
    newest, oldest = Call.objects.order_by("-pk").first(), Call.objects.order_by("pk").first()
    contacts = list(Contact.objects.order_by("-pk").values_list("pk", flat=True)[:1])
    named = Contact.objects.exclude(name="").order_by("-pk")
    rare = named.filter(name__contains="-").first() or named.first()
    some = Contact.objects.filter(region="IR").order_by("-pk")[1]
    if not (campaign and finished and draft and largest and newest and oldest and rare):
        raise SystemExit("This database holds no history: fill it by make_history.")
    last = newest.placing_at or newest.created_at
    middle_member = ListMembership.objects.filter(contact_list=largest).order_by("pk")[largest.n // 2]
    return Landmarks(
        campaign=campaign.pk, finished=finished.pk, draft=draft.pk, person=busiest[0]["contact"],
        member_list=largest.pk, provider=campaign.provider_id,
        call=talk.call_id if talk else newest.pk, import_id=import_id,
        question=question_of(campaign), disposition=disposition_of(campaign),
        review_queue=review_queue_of(campaign), scorecard=scorecard_of(campaign), webhook=webhook_of(campaign),
        in_campaign=_middle(Call.objects.filter(campaign=campaign)),
        of_person=_middle(Call.objects.filter(contact=busiest[0]["contact"])),
        middle=(newest.pk + oldest.pk) // 2, oldest=oldest.pk + 60, person_middle=contacts[0] // 2,
        membership_middle=middle_member.pk, today=timezone.localtime(last).date(), rare_name=rare.name[-9:],
        number=some.phone, fragment=some.phone[-7:],
    )  # fmt: skip


def _middle(calls: Any) -> int:
    ids = calls.order_by("pk").values_list("pk", flat=True)
    return int(ids[ids.count() // 2])


def all_pages(at: Landmarks) -> Iterator[Page]:
    """Yield every page and its variants."""
    yield from _frame(at)
    yield from _log(at)
    yield from _reports(at)
    yield from _campaigns(at)
    yield from _people(at)


def _frame(at: Landmarks) -> Iterator[Page]:
    yield Page("start", "start")
    yield Page("login", "log-in")
    yield Page("no-role", "no role yet")
    yield Page("preferences", "preferences")
    yield Page("sessions", "a user's sessions")
    yield Page("notices", "notices of a user")
    yield Page("notices-new", "new notices, asked for by an open tab")
    yield Page("notice-settings", "what is sent to a user")
    yield Page("digest-preview", "preview of a weekly digest", ("weekly",))
    yield Page("api-keys", "API keys, an admin", role="admin")
    yield Page("api-reference", "reference of the API")
    yield Page("webhooks", "webhooks, an admin", role="admin")
    yield Page("webhook", "one webhook with its log", (at.webhook,), role="admin")
    yield Page("users", "users, an admin", role="admin")
    yield Page("invite", "invitation", role="admin")
    yield Page("livez", "health")
    yield Page("healthz", "health, by its older name")
    yield Page("help", "help, its search", query="q=call")
    yield Page("search", "search over everything, a part of a name", query="q=ali")
    yield Page("search-found", "search over everything, digits of a number", query="q=4711")
    yield Page("help-page", "help, a page", ("campaign",))
    yield Page("readyz", "readiness")
    yield Page("today", "Today")
    yield Page("today", "Today, an admin", role="admin")
    yield Page("today-live", "Today, moving part")
    yield Page("quick-call", "quick call")
    yield Page("quick-call", "quick call, again", query=f"again={at.call}")
    yield Page("audit", "audit log, an admin", role="admin")
    yield Page("audit", "audit log, a manager")
    yield Page("audit", "audit log, of campaigns", query="group=campaigns", role="admin")
    yield Page("audit", "audit log, of one campaign", query=f"group=campaigns&thing={at.campaign}", role="admin")
    yield Page("audit", "audit log, by a name", query="thing=Maryam", role="admin")
    yield Page("audit", "audit log, half a year ago", query=f"until={at.today - datetime.timedelta(180)}", role="admin")
    yield Page("audit-export", "audit log, a week as CSV", query=f"since={at.today - datetime.timedelta(7)}")
    yield Page("providers", "providers")
    yield Page("provider", "one provider", (at.provider,), role="admin")


def _log(at: Landmarks) -> Iterator[Page]:
    week = at.today - datetime.timedelta(days=7)
    month, quarter = at.today - datetime.timedelta(days=60), at.today - datetime.timedelta(days=90)
    last = f"status__exact=completed&placing_at__gte={week.isoformat()}"
    yield Page("call-log", "call log, first page", stock="p=1")
    yield Page("call-log", "call log, half-way", query=f"older_than={at.middle}", stock="p=5000")
    yield Page("call-log", "call log, last pages", query=f"older_than={at.oldest}")
    yield Page("call-log", "call log, newer page", query=f"newer_than={at.middle}")
    yield Page("call-log", "call log, an admin", role="admin")
    for filters in (
        "state=completed", "state=canceled", "state=unknown", "state=live", "state=talked", "state=decide",
        "state=machine", "state=silent", "state=held", "state=failed",
        "state=pending", "state=skipped", "which=open", "which=ended", "which=machine", "which=opted_out",
        "which=priced", "which=unpriced", "which=refused", "answered_by=machine", "answered_by=human",
        "talked_from=300", "talked_from=2&talked_to=9", "cost_from=0.5", "reviewed=no", "reviewed=yes",
        "words=parcel", "words=نوبت",
        "words=nobodysaidthis", "tag=vip", "kind=single", "kind=campaign", "weekday=5", "hour=11", "hour=3",
        "attempt=3",
        f"campaign={at.campaign}", f"campaign={at.campaign}&state=canceled", f"campaign={at.finished}&state=talked",
        f"campaign={at.finished}&attempt=3&state=busy", f"provider={at.provider}", f"provider={at.provider}&state=busy",
        f"question={at.question}&answer=confirmed", f"question={at.question}&answer=%3F",
        f"question={at.question}&order=answer", f"question={at.question}&order=-answer&older_than={at.call}",
        "order=disposition", "order=-disposition&state=busy", f"disposition={at.disposition}",
        f"disposition={at.disposition}&state=busy&column=disposition",
        f"campaign={at.campaign}&question={at.question}&answer=confirmed&column=person&column=answer-{at.question}",
        f"since={week}", f"since={month}&until={month}", f"since={quarter}&until={at.today}&state=busy",
        f"since={month}&until={month}&state=canceled", f"until={quarter}", f"until={quarter}&state=failed",
    ):  # fmt: skip
        yield Page("call-log", f"call log, {filters}", query=filters, stock=last if filters == f"since={week}" else "")
    yield Page("call-log", "call log, completed and week", query=f"state=completed&since={week}", stock=last)
    for what, text, stock in _searches(at):
        yield Page("call-log", f"call log, {what}", query=f"person={text}", stock=stock, is_search=True)
    yield Page("call-log", "call log, part of a number, admin", query="person=4567", is_search=True, role="admin")
    yield Page("call-log", "call log, common name and state", query="person=Maryam&state=busy", is_search=True)
    yield Page("calls-export", "export, what to write")
    yield Page("calls-export", "export, of a campaign", query=f"campaign={at.campaign}")
    yield Page("people-export", "export of people, what to write")
    yield Page("people-export", "export of people, of a tag", query="tag=vip")
    yield Page("exports", "exports")
    yield Page("exports-live", "exports, moving part")
    yield Page("unmatched-calls", "vendor calls that nobody knows")
    yield Page("decisions", "what needs a decision")
    yield Page("two-people", "what needs a second person")
    yield Page("spending-limits", "caps of the day", role="admin")
    for query in (
        "",
        "state=canceled",
        "which=opted_out",
        "which=unpriced",
        "person=Maryam",
        f"since={month}",
        "hour=3",
    ):
        yield Page("call-log-total", f"total of the log, {query or 'all'}", query=query)
    for name in ("call", "call-live"):
        yield Page(name, name.replace("-", ", "), (at.call,))


def _searches(at: Landmarks) -> Iterator[tuple[str, str, str]]:
    yield "common name", "Maryam", "q=Maryam"
    yield "Persian name", "حسینی", ""
    yield "rare name", at.rare_name, f"q={at.rare_name}"
    yield "two letters", "Gr", ""
    yield "name of nobody", "Xyzzyx", "q=Xyzzyx"
    yield "part of a number", at.fragment, f"q={at.fragment}"
    yield "common part of a number", "912", ""
    yield "whole number", at.number.replace("+98", "0"), ""


def _reports(at: Landmarks) -> Iterator[Page]:
    since = at.today - datetime.timedelta(days=89)
    span = f"since={since}&until={at.today}"
    yield Page("reports", "reports, as they open")
    yield Page("reports", "reports, 90 days", query=span)
    yield Page("reports", "reports, 90 days of a campaign", query=f"{span}&campaign={at.campaign}")
    yield Page("reports", "reports, 90 days of a provider", query=f"{span}&provider={at.provider}")
    yield Page("reports", "reports, a year", query=f"since={at.today - datetime.timedelta(days=364)}&until={at.today}")
    yield Page("reports", "reports, the rest of 90 days", query=f"{span}&whole=1", is_later=True)
    yield Page("reports-section", "reports, differences of 90 days", ("differences",), span, is_later=True)
    yield Page("reports-csv", "reports, CSV of 90 days", ("hours",), span)


def _campaigns(at: Landmarks) -> Iterator[Page]:
    yield Page("campaigns", "campaigns")
    yield Page("campaigns", "campaigns, finished", query="state=finished")
    yield Page("campaign-new", "campaign, new")
    yield Page("campaign-edit", "campaign, edit", (at.draft,))
    for name in ("campaign", "campaign-live", "campaign-people", "campaign-settings", "campaign-activity"):
        yield Page(name, f"{name.replace('-', ', ')}, the biggest", (at.campaign,))
        yield Page(name, f"{name.replace('-', ', ')}, finished", (at.finished,))
    yield Page("campaign-results", "campaign, results", (at.campaign,))
    yield Page("campaign-results", "campaign, results, sorted", (at.campaign,), f"sort={at.question}&order=down")
    yield Page("review-queues", "review queues")
    yield Page("review-queue-new", "a new review queue")
    yield Page("review-queue", "review queue, one call of 20", (at.review_queue,))
    yield Page("review-queue-edit", "review queue, its criteria", (at.review_queue,))
    yield Page("review-results", "results of reviews")
    yield Page("scorecards", "scorecards")
    yield Page("scorecard", "one scorecard", (at.scorecard,))
    yield Page("dispositions", "dispositions")
    yield Page("disposition", "one disposition", (at.disposition,))
    yield Page("campaign-questions", "campaign, questions", (at.campaign,))
    yield Page("question-edit", "campaign, one question", (at.campaign, at.question))
    yield Page("campaign-people", "campaign, people, half-way", (at.campaign,), f"older_than={at.in_campaign}")
    for state in ("pending", "busy", "canceled", "skipped", "unknown"):
        yield Page("campaign-people", f"campaign, people, {state}", (at.campaign,), f"state={state}")
    yield Page("campaign-hours", "campaign, hours, the biggest", (at.campaign,))
    yield Page("campaign-variants", "campaign, variants", (at.draft,))
    yield Page("campaign-second", "campaign, second provider", (at.draft,))
    yield Page("campaign-repeat", "campaign, repeat", (at.finished,))
    yield Page("campaign-redial", "campaign, redial, finished", (at.finished,))
    yield Page("own-numbers", "own numbers")
    yield Page("campaign-check", "campaign, launch check", (at.draft,))
    yield Page("campaign-check", "launch check, counted", (at.draft,), "count=now", is_later=True)
    yield Page("campaign-start-there", "launch check, local time of a start", (at.draft,))
    yield Page("campaign-check-people", "launch check, its people", (at.draft, "now"))
    yield Page("campaign-check-people", "launch check, rare people", (at.draft, "no_zone"))


def _people(at: Landmarks) -> Iterator[Page]:
    yield Page("people", "people, first page")
    yield Page("people", "people, half-way", query=f"older_than={at.person_middle}")
    for what, text, _stock in _searches(at):
        yield Page("people", f"people, {what}", query=f"q={text}", is_search=True)
    yield Page("person-new", "person, new")
    yield Page("person", "person with the most calls", (at.person,))
    yield Page("call-callback", "callback asked for in a call", (at.call,))
    yield Page("person-callback", "callback to the person with the most calls", (at.person,))
    yield Page("person", "person with the most calls, deep", (at.person,), f"older_than={at.of_person}")
    yield Page("person-merge-choose", "person, merge, common name", (at.person,), "q=Maryam")
    yield Page("person-edit", "person, edit", (at.person,))
    yield Page("lists", "lists")
    yield Page("list", "biggest list", (at.member_list,))
    yield Page("list", "biggest list, half-way", (at.member_list,), f"older_than={at.membership_middle}")
    yield Page("list", "biggest list, common name", (at.member_list,), "q=Maryam", is_search=True)
    yield Page("list", "biggest list, rare name", (at.member_list,), f"q={at.rare_name}", is_search=True)
    yield Page("person-erase", "person, erase", (at.person,))
    yield Page("erasures", "erasures")
    yield Page("retention", "retention")
    yield Page("holidays", "holidays")
    yield Page("allowed-numbers", "allowed numbers")
    yield Page("do-not-call", "do-not-call")
    yield Page("do-not-call", "do-not-call, part of a number", query="q=4567", is_search=True)
    yield Page("do-not-call-import", "do-not-call, import")
    for name in ("import-new", "import-sources", "import-template-csv", "import-template-xlsx"):
        yield Page(name, name.replace("-", ", "))
    for name in ("import", "import-map", "import-check"):
        yield Page(name, name.replace("-", ", "), (at.import_id,))


def every_name() -> set[str]:
    """Return the names of the console's URL patterns, without the admin's."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(resolver: URLResolver) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                if not pattern.namespace:
                    yield from walk(pattern)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield pattern.name

    return set(walk(get_resolver("callcenter.urls")))


FOR_PROGRAMS = {"metrics"}
"""Answer to a token only; a test holds how long the figures may take."""
STREAMED = frozenset({"do-not-call-export", "do-not-call-export-xlsx"})
"""Names of streamed downloads, which are measured in rows a second."""


def missing(pages: list[Page]) -> set[str]:
    """Return the names of addresses that are neither measured nor excepted."""
    excepted = POSTED | OF_SIGN_IN | ASKS_THE_VENDOR | OF_ONE_FILE | STREAMED | FOR_PROGRAMS
    return every_name() - {page.name for page in pages} - excepted
