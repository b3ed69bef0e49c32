"""Mutations of log-in with a passkey, and of what a removed question leaves."""

from __future__ import annotations

from tests.faults.mutant import Mutant

PASSKEY_TESTS = "tests/callcenter/sign_in/test_passkeys.py::test_"
REMOVAL_TESTS = "tests/campaigns/answers/test_removal.py::test_"

SIGNED_IN = (
    Mutant(
        "a challenge can be answered again and again",
        "callcenter/sign_in/passkeys.py",
        "            auth.clear_state()",
        "            pass",
        PASSKEY_TESTS + "a_challenge_is_answered_once_and_in_its_own_browser",
    ),
    Mutant(
        "a passkey lets in who comes by the organisation's account alone",
        "callcenter/sign_in/passkeys.py",
        "if not can_use_passkeys(user):",
        "if not can_use_passkeys(user) and False:",
        PASSKEY_TESTS + "it_lets_nobody_in_whom_a_password_would_not",
    ),
    Mutant(
        "a passkey leaves a second factor for who is switched off",
        "callcenter/sign_in/passkeys.py",
        "if not user.is_active:",
        "if False:",
        PASSKEY_TESTS + "it_lets_nobody_in_whom_a_password_would_not",
    ),
    Mutant(
        "attempts with passkeys are not counted",
        "callcenter/sign_in/passkeys.py",
        "if throttle.begin([throttle.gate_of_address(client_network(request))]):",
        "if False:",
        PASSKEY_TESTS + "challenges_and_attempts_of_an_address_are_limited",
    ),
    Mutant(
        "a wrong key is not recorded",
        "callcenter/sign_in/forms.py",
        "            self.note_failure(self.user)",
        "            pass",
        PASSKEY_TESTS + "a_wrong_key_after_the_password_is_recorded",
    ),
    Mutant(
        "what no key says is a fault of the server",
        "callcenter/sign_in/forms.py",
        "        except (ValidationError, *UNREADABLE):",
        "        except ValidationError:",
        PASSKEY_TESTS + "nothing_that_a_browser_sends_is_a_fault_of_the_server",
    ),
    Mutant(
        "the answers of a removed question are still shown",
        "campaigns/calls/call_columns.py",
        "Answer.objects.filter(question__removed_at__isnull=True)",
        "Answer.objects.all()",
        REMOVAL_TESTS + "a_removed_question_is_gone_at_once_and_its_answers_by_batches",
    ),
    Mutant(
        "nobody clears the answers of a removed question after its nudge was lost",
        "campaigns/minute_job.py",
        "if waiting.has_waiting() or removal.has_removed():",
        "if waiting.has_waiting():",
        REMOVAL_TESTS + "what_a_dead_worker_left_is_found_by_the_minute_job",
    ),
)
