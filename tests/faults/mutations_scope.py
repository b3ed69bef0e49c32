"""Mutations of whose rows a person reaches, of what a team may use, and of who gives which rights."""

from __future__ import annotations

from tests.faults.mutant import Mutant

REACH, SCOPE, USE = "callcenter/access/reach.py", "campaigns/core/scope.py", "campaigns/core/allowed_use.py"
OWN_ROLES, ACCOUNTS = "callcenter/access/own_roles.py", "callcenter/access/forms.py"
WALKER = "tests/security/test_route_walker.py::test_"
TABLE_SAYS = WALKER + "every_address_answers_each_role_as_the_table_says"
NO_LEAK = WALKER + "no_page_shows_what_is_out_of_reach"
REACH_TESTS = "tests/callcenter/access/test_reach.py::test_"
SCOPE_TESTS = "tests/campaigns/core/test_scope.py::test_"
USE_TESTS = "tests/campaigns/core/test_allowed_use.py::test_"
SHARING_TESTS = "tests/campaigns/contacts/test_sharing.py::test_"
ELIGIBILITY_TESTS = "tests/campaigns/core/test_eligibility.py::test_"
ROLE_TESTS = "tests/callcenter/access/test_own_roles.py::test_"

SCOPED = (
    Mutant(
        "nobody's work is everybody's",
        REACH,
        "if is_stock or self.has_unassigned else reached",
        "",
        REACH_TESTS + "condition_and_answer_are_the_same_rule",
    ),
    Mutant(
        "a team reaches nothing of its people",
        REACH,
        'teams=teams.own if may(person, "see_team_calls") else frozenset(),',
        "teams=frozenset(),",
        SCOPE_TESTS + "a_team_sees_what_its_people_made_and_no_other_does",
    ),
    Mutant(
        "whoever sets things up hears every talk",
        REACH,
        'return _reach(person, "see_all_content")',
        'return _reach(person, "see_all_calls")',
        SCOPE_TESTS + "an_admin_sees_every_entry_of_the_do_not_call_list_but_no_teams_contacts",
    ),
    Mutant(
        "the scope is dropped from every query",
        SCOPE,
        "return rows if condition is None else rows.filter(condition)",
        "return rows",
        TABLE_SAYS,
    ),
    Mutant(
        "a page of people has no scope",
        "campaigns/contacts/people.py",
        "people, sought = seen_by(person, Contact.objects.all()), _sought(text, region, person)",
        "people, sought = Contact.objects.all(), _sought(text, region, person)",
        NO_LEAK,
    ),
    Mutant(
        "the list of campaigns has no scope",
        "campaigns/launch/drafts.py",
        "return seen_by(person, Campaign.objects.select_related(*related))",
        "return Campaign.objects.select_related(*related)",
        TABLE_SAYS,
    ),
    Mutant(
        "the do-not-call page has no scope",
        "campaigns/contacts/views/do_not_call.py",
        'found = seen_by(request.user, DoNotCall.objects.select_related("added_by"))',
        'found = DoNotCall.objects.select_related("added_by")',
        NO_LEAK,
    ),
    Mutant(
        "a choice of provider has no scope",
        "campaigns/calls/forms/quick_call.py",
        "Provider.objects.filter(offered_to(self.person), is_active=True)",
        "Provider.objects.filter(is_active=True)",
        NO_LEAK,
    ),
    Mutant(
        "a person is changed by whoever knows the address",
        "campaigns/contacts/views/people.py",
        "contact = get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk)",
        "contact = get_object_or_404(Contact, pk=pk)",
        TABLE_SAYS,
    ),
    Mutant(
        "a campaign is controlled by whoever knows the address",
        "campaigns/launch/lifecycle.py",
        "return holds_right and may_change(person, campaign)",
        "return holds_right",
        USE_TESTS + "who_may_not_change_a_campaign_does_not_control_it",
    ),
    Mutant(
        "a note is read by every team that shares the contact",
        SCOPE,
        "return beyond & (Q(author=reach.person) | Q(team__in=teams) | older)",
        "return beyond",
        SCOPE_TESTS + "a_note_is_read_by_its_own_team_although_two_share_the_contact",
    ),
    Mutant(
        "a provider is used by any team",
        USE,
        "if provider is not None and not may_use(team, provider.team_id):",
        "if provider is None:",
        USE_TESTS + "quick_call_refuses_a_provider_of_another_team",
    ),
    Mutant(
        "a list is used by any team",
        USE,
        "        if not may_use(team, one.team_id):",
        "        if one.pk is None:",
        USE_TESTS + "a_draft_takes_no_list_of_another_team",
    ),
    Mutant(
        "a tag reaches the people of every team",
        "campaigns/launch/audience_query.py",
        "people = people.filter(usable_by(self.team) | Q(pk__in=shared))",
        "pass",
        USE_TESTS + "a_campaign_by_tag_alone_calls_nobody_of_another_team",
    ),
    Mutant(
        "a launch does not ask what the team may use",
        "campaigns/launch/launch_check.py",
        "    found += refusals_of(campaign.team_id, provider, lists)\n",
        "",
        USE_TESTS + "every_way_to_start_a_campaign_refuses_what_is_kept",
    ),
    Mutant(
        "an import changes contacts that its team does not share",
        "campaigns/contacts/importing/saved/saving.py",
        "theirs = Contact.objects.all() if record.owner is None else changed_by(record.owner, Contact.objects.all())",
        "theirs = Contact.objects.all()",
        SHARING_TESTS + "whoever_is_in_no_team_changes_no_contact_of_one_by_an_import",
    ),
    Mutant(
        "a number's name is told before the team has it",
        "campaigns/calls/number_check.py",
        "contact=contact if contact is None or viewer is None or may_see(viewer, contact) else None,",
        "contact=contact,",
        SHARING_TESTS + "before_a_team_has_the_number_it_learns_nothing_of_it",
    ),
    Mutant(
        "an admin by name only counts as one",
        OWN_ROLES,
        "    beyond = set(codes) - rights_of(giver)",
        "    beyond = set[str]()",
        ROLE_TESTS + "nobody_makes_a_role_of_rights_that_they_do_not_hold",
    ),
    Mutant(
        "any role is given by whoever keeps accounts",
        ACCOUNTS,
        "        if changed.difference(given_by(self.editor)):",
        "        if not self.editor.pk:",
        ROLE_TESTS + "roles_and_teams_are_given_only_by_who_holds_them",
    ),
    Mutant(
        "an account that may more is changed by who may less",
        OWN_ROLES,
        "return not is_admin(person) and not lacking(giver, rights_of(person))",
        "return True",
        ROLE_TESTS + "an_account_that_may_more_is_not_changed_by_who_may_less",
    ),
    Mutant(
        "a launch check knows no kept opt-out",
        "campaigns/launch/audience.py",
        "forbidden = forbidden or phone in kept",
        "pass",
        ELIGIBILITY_TESTS + "everybody_answers_the_same[an opt-out kept of an erased person]",
    ),
    Mutant(
        "alerts go to every manager",
        "campaigns/notices/concerned.py",
        "    if is_admin(person):\n",
        "    if True:\n",
        "tests/campaigns/notices/test_concerned.py::test_each_hears_of_what_is_within_reach_and_admins_of_all",
    ),
    Mutant(
        "everybody is told of every user",
        "callcenter/access/colleagues.py",
        "    if reach.is_everything:\n",
        "    if True:\n",
        NO_LEAK,
    ),
    Mutant(
        "a campaign's calls are given to anybody",
        "campaigns/launch/forms/policy.py",
        "people = people_to_give_to(team, person, policy.people)",
        "people = people_to_give_to()",
        NO_LEAK,
    ),
    Mutant(
        "a number known of calls alone is everybody's",
        "campaigns/privacy/finding.py",
        "for rows in (contacts, Call.objects.filter(to_number=number)):",
        "for rows in (contacts,):",
        "tests/campaigns/privacy/test_people.py::test_a_number_reaches_nobody_of_another_team",
    ),
)
