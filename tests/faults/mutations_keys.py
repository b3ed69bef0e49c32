"""Mutations of what binds keys to their place, runs declared functions alone, ends sessions and hides words."""

from __future__ import annotations

from tests.faults.mutant import Mutant

FIELD_TESTS = "tests/providers/test_fields.py::test_"
ADMIN_TESTS = "tests/providers/test_admin.py::test_"
QUEUE_TESTS = "tests/security/test_queue.py::test_"
SESSION_TESTS = "tests/callcenter/access/test_open_sessions.py::test_"
MASKING_TESTS = "tests/providers/test_masking.py::test_"
FILE_TESTS = "tests/test_private_files.py::test_"
ADDRESS_TESTS = "tests/callcenter/access/test_client_address.py::test_"

KEYS = (
    Mutant(
        "a sealed key opens in any row",
        "providers/sealing.py",
        "return json.dumps([FORM, name, *place]).encode()",
        "return json.dumps([FORM, name]).encode()",
        FIELD_TESTS + "a_value_opens_in_its_own_row_and_place_alone",
    ),
    Mutant(
        "another row's keys look like one's own",
        "providers/sealed_secrets.py",
        "return self._written_for() == self._place and all(sealing.has_key_for(one) for one in sealed)",
        "return all(sealing.has_key_for(one) for one in sealed)",
        FIELD_TESTS + "another_rows_keys_are_said_before_anything_is_opened",
    ),
    Mutant(
        "the form that the version before cannot read is written at once",
        "providers/fields.py",
        'return apps.get_model("providers", "FormBefore")._default_manager.exists()',
        "return False",
        FIELD_TESTS + "the_form_before_is_read_and_kept_while_the_version_before_may_run",
    ),
    Mutant(
        "a stored key is tried at another address",
        "providers/services/checking.py",
        "secrets = dict(new_secrets) if is_elsewhere else",
        "secrets =",
        ADMIN_TESTS + "a_stored_key_is_not_tried_at_another_address",
    ),
    Mutant(
        "a stored key is asked for its account at another address",
        "providers/services/checking.py",
        "has_earlier = not is_elsewhere",
        "has_earlier = True",
        ADMIN_TESTS + "a_stored_key_is_not_asked_for_its_account_at_another_address",
    ),
    Mutant(
        "keys stay with a provider whose address changed",
        "providers/admin.py",
        'store_secrets(obj.pk, {}, dropped, request.user, why="the address changed")',
        "assert dropped is not None",
        ADMIN_TESTS + "keys_are_dropped_when_the_address_changes",
    ),
    Mutant(
        "whatever function a message names is run",
        "campaigns/queue.py",
        "if not isinstance(path, str) or path not in DECLARED:",
        "if not isinstance(path, str):",
        QUEUE_TESTS + "a_forged_message_runs_nothing[a function of ours that is not declared]",
    ),
    Mutant(
        "a schedule names its function itself",
        "campaigns/schedules.py",
        "            queue.send(path, broker=broker)",
        "            queue.send(Schedule.objects.get(pk=pk).func, broker=broker)",
        QUEUE_TESTS + "a_stored_schedule_runs_nothing_of_its_own",
    ),
    Mutant(
        "a pickle of others is loaded from the cache",
        "callcenter/cache_values.py",
        "if not hmac.compare_digest(signature, _signature(pickled)):",
        "if not pickled:",
        QUEUE_TESTS + "the_cache_reads_no_pickle_that_we_did_not_sign",
    ),
    Mutant(
        "a session outlives a change of roles",
        "callcenter/access/open_sessions.py",
        "    for user in changed:\n        end_sessions(user)",
        "    for user in changed:\n        assert user",
        SESSION_TESTS + "whatever_changes_rights_ends_all_sessions[a further role]",
    ),
    Mutant(
        "a session comes back with its user",
        "callcenter/middleware.py",
        "            if SESSION_KEY in request.session:",
        "            if SESSION_KEY not in request.session:",
        SESSION_TESTS + "a_user_who_was_switched_off_past_the_model_does_not_come_back",
    ),
    Mutant(
        "a session lasts as long as it is used",
        "callcenter/access/sessions.py",
        "is_idle or now - began_at > settings.SESSION_MAX_HOURS * 3600",
        "is_idle or began_at < 0",
        SESSION_TESTS + "a_session_ends_when_unused_and_in_any_case[began_at-86460-False]",
    ),
    Mutant(
        "words that we sent come back in the log",
        "providers/masking.py",
        "return Concealer(secrets, words_of(sent) if sent is not None else ())",
        "return Concealer(secrets)",
        MASKING_TESTS + "the_log_keeps_no_secret_name_message_or_medical_word",
    ),
    Mutant(
        "files of before stay open",
        "callcenter/private_files.py",
        "path.chmod(FOLDER if stat.S_ISDIR(mode) else FILE)",
        "path.chmod(mode)",
        FILE_TESTS + "a_start_keeps_all_to_itself_and_closes_what_was_open",
    ),
    Mutant(
        "a claim counts as the client's address",
        "callcenter/access/client_address.py",
        "for entry in entries[-settings.TRUSTED_HOPS :]:",
        "for entry in entries:",
        ADDRESS_TESTS + "the_address_is_what_the_outermost_proxy_of_ours_saw[one proxy, and a claim before]",
    ),
)
