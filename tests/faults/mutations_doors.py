"""Mutations of the doors: guesses, links, sessions, fresh sign-in, and acts of two."""

from __future__ import annotations

from tests.faults.mutant import Mutant

THROTTLE, LINKS, SIGN_IN_FORMS = (f"callcenter/sign_in/{name}.py" for name in ("throttle", "links", "forms"))
INVITATIONS, OPENID, SECOND = (f"callcenter/sign_in/{name}.py" for name in ("invitations", "openid", "second_factor"))
FRESH, SESSIONS, PASSWORDS = (f"callcenter/access/{name}.py" for name in ("fresh", "open_sessions", "passwords"))
TWO_PEOPLE = "callcenter/access/two_people.py"
REMOVING = "campaigns/contacts/opt_out_removal.py"

THROTTLE_TESTS = "tests/callcenter/sign_in/test_throttle.py::test_"
LINK_TESTS = "tests/callcenter/sign_in/test_links.py::test_"
INVITATION_TESTS = "tests/callcenter/sign_in/test_invitations.py::test_"
OPENID_TESTS = "tests/callcenter/sign_in/test_openid.py::test_"
SECOND_TESTS = "tests/callcenter/sign_in/test_second_factor.py::test_"
FRESH_TESTS = "tests/callcenter/access/test_fresh.py::test_"
SESSION_TESTS = "tests/callcenter/access/test_open_sessions.py::test_"
TWO_TESTS = "tests/callcenter/access/test_two_people.py::test_"
REMOVAL_TESTS = "tests/campaigns/contacts/test_opt_out_removal.py::test_"

GUESSED = (
    Mutant(
        "a stranger delays a person everywhere",
        THROTTLE,
        'pair = key_of("pair", name, network)',
        'pair = key_of("pair", name)',
        THROTTLE_TESTS + "a_stranger_is_slowed_and_the_person_gets_in_from_elsewhere",
    ),
    Mutant(
        "a known browser is counted with its address",
        THROTTLE,
        "    if browser:\n",
        "    if False:\n",
        THROTTLE_TESTS + "the_person_gets_in_where_they_logged_in_before_also_at_the_strangers_address",
    ),
    Mutant(
        "delays do not grow",
        THROTTLE,
        "gate.first_delay * 2**doublings",
        "gate.first_delay",
        THROTTLE_TESTS + "delays_grow_and_end",
    ),
    Mutant(
        "a name that is guessed at from everywhere leaves each address all its tries",
        THROTTLE,
        "if is_guessed_at else Gate(pair),",
        "if False else Gate(pair),",
        THROTTLE_TESTS + "a_name_guessed_at_from_everywhere_leaves_one_free_try_an_address",
    ),
    Mutant(
        "a name guessed at from everywhere closes the way in",
        THROTTLE,
        "Gate(all_of_name, None, is_forgiven=False),",
        "Gate(all_of_name, is_forgiven=False),",
        THROTTLE_TESTS + "a_name_guessed_at_from_everywhere_leaves_one_free_try_an_address",
    ),
    Mutant(
        "an address over many names is not counted",
        THROTTLE,
        '    return Gate(key_of("address", network), FREE_OF_AN_ADDRESS, is_forgiven=False)',
        '    return Gate(key_of("address", network), None, is_forgiven=False)',
        THROTTLE_TESTS + "one_address_over_many_names_is_slowed",
    ),
    Mutant(
        "an own log-in clears what an address guessed at others",
        THROTTLE,
        "FREE_OF_AN_ADDRESS, is_forgiven=False)",
        "FREE_OF_AN_ADDRESS)",
        THROTTLE_TESTS + "an_own_log_in_forgives_nothing_that_was_guessed_at_others",
    ),
    Mutant(
        "guesses at the codes of a second factor are free",
        SIGN_IN_FORMS,
        '        throttle.begin([gate])\n        code: str',
        "        code: str",
        SECOND_TESTS + "guesses_at_codes_are_limited",
    ),
    Mutant(
        "a code is taken twice",
        SIGN_IN_FORMS,
        "        if not is_new:\n",
        "        if False:\n",
        SECOND_TESTS + "log_in_asks_for_the_code_and_takes_each_once",
    ),
    Mutant(
        "a reset floods a mailbox",
        SIGN_IN_FORMS,
        ".failures > MAILS_AN_HOUR:",
        ".failures > 9:",
        LINK_TESTS + "few_mails_go_to_one_mailbox_and_the_answer_stays",
    ),
    Mutant(
        "a host that a wildcard admits reaches the mail",
        LINKS,
        "    if name not in settings.ALLOWED_HOSTS:\n",
        "    if not name:\n",
        LINK_TESTS + "no_host_header_reaches_the_mail",
    ),
    Mutant(
        "a newer invitation leaves the older one open",
        INVITATIONS,
        "    Invitation.objects.filter(user=user, used_at=None).delete()\n",
        "",
        INVITATION_TESTS + "a_link_works_once_lapses_and_is_voided_by_a_newer_one",
    ),
    Mutant(
        "an invitation opens for who is switched off",
        INVITATIONS,
        "filter(mark=mark, user__is_active=True)",
        "filter(mark=mark)",
        INVITATION_TESTS + "a_link_of_a_user_who_is_switched_off_is_dead",
    ),
    Mutant(
        "an address that nobody verified binds a user",
        OPENID,
        'if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):',
        "if not isinstance(email, str):",
        OPENID_TESTS + "an_address_that_is_not_verified_or_not_of_one_alone_binds_nobody",
    ),
    Mutant(
        "an address of two users binds one of them",
        OPENID,
        "return found[0] if len(found) == 1 else None",
        "return found[0] if found else None",
        OPENID_TESTS + "an_address_that_is_not_verified_or_not_of_one_alone_binds_nobody",
    ),
    Mutant(
        "any host is asked who logs in",
        OPENID,
        "if address.hostname not in settings.OUTBOUND_HOSTS or (",
        "if (",
        OPENID_TESTS + "hosts_that_are_not_admitted_are_never_asked",
    ),
    Mutant(
        "a second factor's reset leaves the sessions open",
        SECOND,
        "    end_sessions(user)\n",
        "",
        SECOND_TESTS + "the_command_resets_a_lost_one_and_ends_the_sessions",
    ),
    Mutant(
        "nobody need be fresh",
        FRESH,
        "0 <= time.time() - proved_at < settings.FRESH_SIGN_IN_MINUTES * 60",
        "True",
        FRESH_TESTS + "keys_roles_and_users_ask_for_it_and_lead_back",
    ),
    Mutant(
        "a proof leads to another site's page",
        FRESH,
        "is_here = parts.netloc == request.get_host() and is_our_page(request, page)",
        "is_here = True",
        FRESH_TESTS + "a_form_sent_from_another_site_leads_back_to_its_own_address",
    ),
    Mutant(
        "anybody ends anybody's session",
        SESSIONS,
        "found = OpenSession.objects.filter(user=user, pk=pk).first()",
        "found = OpenSession.objects.filter(pk=pk).first()",
        SESSION_TESTS + "nobody_ends_sessions_of_others",
    ),
    Mutant(
        "sessions that were never noted go on",
        SESSIONS,
        "keys = (known | theirs) - {keep}",
        "keys = known - {keep}",
        SESSION_TESTS + "all_others_end_those_too_that_were_never_noted",
    ),
    Mutant(
        "a password is made of the team's name",
        PASSWORDS,
        "user.email.partition(\"@\")[0], team}",
        "user.email.partition(\"@\")[0]}",
        "tests/callcenter/access/test_passwords.py"
        "::test_names_of_the_product_the_installation_the_user_and_the_team_are_refused",
    ),
    Mutant(
        "who was switched off meanwhile confirms",
        TWO_PEOPLE,
        "    if not is_active or not (",
        "    if not (",
        TWO_TESTS + "whoever_lacks_the_right_or_is_switched_off_neither_asks_nor_confirms",
    ),
    Mutant(
        "one person removes somebody's own opt-out",
        REMOVING,
        "    if not entry.takes_two_people:\n",
        "    if True:\n",
        REMOVAL_TESTS + "one_person_alone_does_not_remove_an_own_opt_out",
    ),
    Mutant(
        "who asked anew after the request is called again",
        REMOVING,
        'if request.detail.get("added_at") != entry.added_at.isoformat():',
        "if False:",
        REMOVAL_TESTS + "who_asks_anew_after_the_request_stays_on_the_list",
    ),
    Mutant(
        "a role is changed by an old log-in",
        "callcenter/access/role_admin.py",
        "    @method_decorator(needs_fresh_sign_in)\n",
        "",
        FRESH_TESTS + "every_page_of_set_up_that_changes_something_asks_for_it_or_says_why_not",
    ),
)  # fmt: skip
