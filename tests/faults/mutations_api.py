"""Mutations of the API: what a key may, and what makes one call of many requests."""

from __future__ import annotations

from tests.faults.mutant import Mutant

DOOR = "callcenter/api/door.py"
SOURCES = "campaigns/contacts/importing/sources/keeping.py"
KEYS = "callcenter/api/keys.py"
ONCE = "callcenter/api/once.py"
MODELS = "callcenter/api/models.py"
MIDDLEWARE = "callcenter/api_site/middleware.py"
VERSIONS = "callcenter/api/versions.py"

KEY_TESTS = "tests/callcenter/api/test_keys.py::test_"
ONCE_TESTS = "tests/callcenter/api/test_once.py::test_"
MIDDLEWARE_TESTS = "tests/callcenter/api_site/test_middleware.py::test_"
PEOPLE_TESTS = "tests/campaigns/contacts/test_api.py::test_"

API = (
    Mutant(
        "take the Idempotency-Key of another program for one's own",
        ONCE,
        "OnceRequest.objects.filter(key=key, token=token)",
        "OnceRequest.objects.filter(token=token)",
        ONCE_TESTS + "the_same_key_with_another_body_is_refused_and_that_of_another_program_is_its_own",
    ),
    Mutant(
        "remember what happens once apart from what it led to",
        ONCE,
        "        with transaction.atomic():\n            # First",
        "        if True:\n            # First",
        ONCE_TESTS + "what_was_refused_is_not_remembered_and_what_was_made_is_for_a_day",
    ),
    Mutant(
        "make another call for the same Idempotency-Key with another body",
        ONCE,
        "if found.body != body:",
        "if found.body == body:",
        ONCE_TESTS + "the_same_key_with_another_body_is_refused_and_that_of_another_program_is_its_own",
    ),
    Mutant(
        "let a key do whatever its owner may",
        KEYS,
        "code in allowed and holds(perm, obj)",
        "holds(perm, obj)",
        KEY_TESTS + "a_scope_limits_superusers_too_and_never_gives_what_the_owner_lacks",
    ),
    Mutant(
        "let a key do whatever its role may",
        KEYS,
        "code in allowed and holds(perm, obj)",
        "code in allowed",
        KEY_TESTS + "a_right_that_the_owner_loses_is_lost_at_once",
    ),
    Mutant(
        "let a key of a user work who is switched off",
        MODELS,
        "expires_at__gt=now, owner__is_active=True",
        "expires_at__gt=now",
        KEY_TESTS + "a_dead_key_opens_nothing",
    ),
    Mutant(
        "let a session into the API",
        MIDDLEWARE,
        "request.COOKIES = {}",
        "pass",
        MIDDLEWARE_TESTS + "a_session_opens_nothing_and_none_is_begun",
    ),
    Mutant(
        "write over what a program has not read",
        VERSIONS,
        'if given.strip() != "*" and etag not in',
        'if given.strip() == "*" and etag not in',
        PEOPLE_TESTS + "only_what_was_read_is_changed",
    ),
    Mutant(
        "let a key act whatever its scopes say",
        DOOR,
        "if code not in request.auth.key.scopes:",
        "if code in request.auth.key.scopes and False:",
        "tests/campaigns/calls/test_api_remarks.py::test_a_key_that_only_reads_acts_on_none",
    ),
    Mutant(
        "store the address of an import source as it was pasted",
        SOURCES,
        'address=f"https://{urlsplit(found).hostname}/",',
        "address=found,",
        "tests/campaigns/contacts/importing/sources/test_keeping.py::test_the_address_is_stored_sealed_as_a_key_is",
    ),
)
