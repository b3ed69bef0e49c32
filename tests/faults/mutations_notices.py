"""Mutations of who is told what, and how often: notices, messages, chats, legal texts."""

from __future__ import annotations

from tests.faults.mutant import Mutant

ROOM, TESTS = "campaigns/notices/", "tests/campaigns/notices/"
DELIVERY_TESTS = f"{TESTS}test_deliveries.py::test_"

NOTICES = (
    Mutant(
        "a repeated mail has another name",
        f"{ROOM}deliveries.py",
        "name = message or uuid.uuid4().hex",
        "name = uuid.uuid4().hex",
        DELIVERY_TESTS + "after_a_death_between_sending_and_noting_the_same_message_leaves_again",
    ),
    Mutant(
        "what is read or over is sent all the same",
        f"{ROOM}deliveries.py",
        "over = Q(notice__read_at__isnull=False) | Q(",
        "over = Q(",
        f"{TESTS}test_alerts.py::test_what_is_over_before_the_mail_server_works_is_not_sent",
    ),
    Mutant(
        "a mail names what its reader no longer reaches",
        f"{ROOM}words.py",
        "    within = [one for one in notices if is_within(one, seen)]",
        "    within = list(notices)",
        DELIVERY_TESTS + "who_no_longer_reaches_it_gets_no_mail_and_reads_nothing_of_it",
    ),
    Mutant(
        "everybody reads the notices of others",
        f"{ROOM}inbox.py",
        "    return Notice.objects.filter(user=person.pk)",
        "    return Notice.objects.all()",
        f"{TESTS}test_views.py::test_nobody_reads_or_opens_the_notices_of_another",
    ),
    Mutant(
        "a chat is at any host",
        f"{ROOM}chat.py",
        "    if not outbound.is_allowed(host):",
        "    if False:",
        f"{TESTS}test_chat.py::test_a_host_that_nobody_named_is_refused_in_words",
    ),
    Mutant(
        "a chat's messages leave by the library's own HTTP",
        f"{ROOM}chat.py",
        "            module.requests = _OurWire",
        "            pass",
        f"{TESTS}test_chat.py::test_each_service_gets_one_message_at_its_host",
    ),
    Mutant(
        "anybody returns a campaign that waits for approval",
        "campaigns/launch/start.py",
        "if campaign.status == Status.WAITING and not approvals.may_approve(campaign, person):",
        "if False:",
        f"{TESTS}test_telling.py::test_only_who_may_approve_returns_a_campaign",
    ),
    Mutant(
        "a legal text that was confirmed holds for any message",
        "campaigns/launch/legal_texts.py",
        "LegalConfirmation.objects.filter(campaign=campaign, message=mark)",
        "LegalConfirmation.objects.filter(campaign=campaign)",
        "tests/campaigns/launch/test_legal_texts.py::test_another_message_or_another_text_is_confirmed_anew",
    ),
)
