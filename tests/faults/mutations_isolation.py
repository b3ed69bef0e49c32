"""Mutations of what keeps one provider's trouble its own, of vendors from outside, and of how commands end."""

from __future__ import annotations

from tests.faults.mutant import ORDER_LOOP, Mutant

FIELDS = "providers/fields.py"
SEALED = "providers/sealed_secrets.py"
OPENING = "providers/opening.py"
GUARDING = "providers/guarding.py"
REGISTRY = "providers/registry.py"
KEYS = "providers/services/keys.py"
DISPATCHER = "campaigns/dialing/dispatcher.py"
POLLING = "campaigns/tracking/polling.py"
TAKING_BACK = "campaigns/tracking/vendor_stops.py"
ELIGIBLE = "campaigns/core/eligibility.py"
COMMANDS = "callcenter/commands.py"

TROUBLE_TESTS = "tests/campaigns/test_troubled_provider.py::test_"
WORKER = TROUBLE_TESTS + "worker_serves_the_others"
REGISTRY_TESTS = "tests/providers/test_registry.py::test_"
FIELD_TESTS = "tests/providers/test_fields.py::test_"
COMMAND_TESTS = "tests/test_command_errors.py::test_"

ISOLATION = (
    Mutant(
        "keys are opened as the row loads",
        FIELDS,
        '        return SealedSecrets(value or "")',
        '        SealedSecrets(value or "").open()\n        return SealedSecrets(value or "")',
        WORKER + "[examines-a key that no key opens]",
    ),
    Mutant(
        "keys of any shape",
        SEALED,
        "if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):",
        "if False:",
        TROUBLE_TESTS + "trouble_is_named_and_nothing_is_lost[a key that is a number]",
    ),
    Mutant(
        "options that are no object are those of a new provider",
        OPENING,
        "    if isinstance(provider.options, UnreadableOptions):",
        "    if False:",
        TROUBLE_TESTS + "trouble_is_named_and_nothing_is_lost[options that are a list]",
    ),
    Mutant(
        "options of any shape",
        OPENING,
        "if not field.is_secret and not is_shaped(field.kind, options.get(field.name)):",
        "if False:",
        TROUBLE_TESTS + "trouble_is_named_and_nothing_is_lost[status words that are a text]",
    ),
    Mutant(
        "unreadable options are stored as none",
        FIELDS,
        "            value.stored if isinstance(value, UnreadableOptions) else value, connection, prepared",
        "            value, connection, prepared",
        FIELD_TESTS + "options_that_cannot_be_read_stay_as_they_are",
    ),
    Mutant(
        "what a module raises at its opening goes up",
        OPENING,
        "    except Exception as error:\n        log_failure(",
        "    except ZeroDivisionError as error:\n        log_failure(",
        WORKER + "[dials-a module that fails at its opening]",
    ),
    Mutant(
        "what a module raises at a read goes up",
        OPENING,
        "return guarded(provider.backend_class(PacedClient(told, pace), secrets=secrets, options=options))",
        "return provider.backend_class(PacedClient(told, pace), secrets=secrets, options=options)",
        WORKER + "[synchronises-a module that fails at requests]",
    ),
    Mutant(
        "answers of any type are believed",
        GUARDING,
        "                return _checked(name, method(*args, **options))",
        "                return method(*args, **options)",
        WORKER + "[synchronises-a module that answers nonsense]",
    ),
    Mutant(
        "fields of any type are believed",
        GUARDING,
        "        all(isinstance(values[name], types) for name, types in allowed.items())\n        and all(",
        "        all(",
        "tests/providers/test_guarding.py::test_answer_with_a_field_of_another_type_is_a_failure",
    ),
    Mutant(
        "a failed hang-up is known not to have arrived",
        GUARDING,
        "failed = OutcomeUnknown if name in EFFECTS else BackendFailed",
        "failed = BackendFailed",
        "tests/providers/test_guarding.py::test_failure_after_an_effect_is_unknown",
    ),
    Mutant(
        "each failure is logged again",
        GUARDING,
        "    if now - _logged_at.get(key, -LOGGED_EVERY) >= LOGGED_EVERY:",
        "    if True:",
        "tests/providers/test_guarding.py::test_failure_is_logged_once_by_its_class",
    ),
    Mutant(
        "where a module cannot say whether it takes a number, it does",
        ELIGIBLE,
        "        if refusal is None:\n            yield _MODULE_FAILED\n",
        "",
        "tests/providers/test_guarding.py::test_nobody_is_called_where_the_module_cannot_say",
    ),
    Mutant(
        "an answer of any type is a placed call",
        ORDER_LOOP,
        "if not is_sound(result, PlacedCall):",
        "if False:",
        WORKER + "[dials-a module that answers nonsense]",
    ),
    Mutant(
        "one lane that cannot commit ends the slice",
        DISPATCHER,
        "        except Exception as error:\n            lane.is_stopped = True",
        "        except ZeroDivisionError as error:\n            lane.is_stopped = True",
        "tests/campaigns/dialing/test_dispatcher_slices.py::test_a_lane_that_cannot_commit_stops_alone",
    ),
    Mutant(
        "one answer that cannot be written takes the others along",
        DISPATCHER,
        "order_results.write_or_lose(provider_id, group, self.clock.now())",
        "order_results.write_answers(provider_id, group, self.clock.now())",
        "tests/campaigns/dialing/test_dispatcher_slices.py::test_an_answer_that_cannot_be_written_leaves_its_call_unknown",
    ),
    Mutant(
        "one campaign that cannot be filled keeps the others waiting",
        "campaigns/launch/enqueue.py",
        "return sum(_fill_or_skip(pk, deadline) for pk",
        "return sum(fill_campaign(pk, deadline=deadline) for pk",
        "tests/campaigns/launch/test_enqueue.py::test_campaign_that_cannot_be_filled_keeps_no_other_waiting",
    ),
    Mutant(
        "one result that cannot be written ends the poll slice",
        POLLING,
        "        except Exception as error:\n            kind = type(error).__name__\n"
        '            logger.error("provider=%s: what was read cannot be written',
        "        except ZeroDivisionError as error:\n            kind = type(error).__name__\n"
        '            logger.error("provider=%s: what was read cannot be written',
        "tests/campaigns/dialing/test_dispatcher_slices.py::test_what_cannot_be_written_postpones_one_provider",
    ),
    Mutant(
        "calls of one provider that cannot be asked end the taking back",
        TAKING_BACK,
        "            if not claimed and len(unreached) > known:\n                continue\n",
        "",
        WORKER + "[takes_back-a key that no key opens]",
    ),
    Mutant(
        "a new key beside an unreadable one is refused",
        SEALED,
        "plain = {**(self._read() or {}), **plain} if self._token and not self._held else plain",
        "plain = {**self.open(), **plain} if self._token and not self._held else plain",
        TROUBLE_TESTS + "page_takes_a_new_key_and_calls_go_on",
    ),
    Mutant(
        "a vendor that is gone is an error of the page",
        REGISTRY,
        "    return outside if isinstance(outside, type) else missing_backend(slug)",
        "    assert isinstance(outside, type)\n    return outside",
        REGISTRY_TESTS + "provider_whose_package_is_gone_refuses_to_be_opened_and_no_more",
    ),
    Mutant(
        "a package that fails at its import stops everything",
        REGISTRY,
        "    try:\n        found = entry.load()\n    except Exception as error:",
        "    try:\n        found = entry.load()\n    except StopIteration as error:",
        REGISTRY_TESTS + "broken_entry_point_is_named_and_stops_nothing",
    ),
    Mutant(
        "a package may take the name of one of our vendors",
        REGISTRY,
        "    if slug in BACKENDS:",
        "    if slug in BACKENDS and slug not in {entry.name for entry in _found()}:",
        REGISTRY_TESTS + "broken_entry_point_is_named_and_stops_nothing[a vendor of ours]",
    ),
    Mutant(
        "a full disk ends in a traceback",
        COMMANDS,
        "            if isinstance(error, CommandError) or (sentence := sentence_of(error)) is None:",
        "            sentence = str(error)\n            if True:",
        COMMAND_TESTS + "a_full_disk",
    ),
    Mutant(
        "half a file is left in the place of a whole one",
        COMMANDS,
        "            Path(temporary).unlink(missing_ok=True)\n",
        "",
        COMMAND_TESTS + "half_a_file_is_never_left",
    ),
    Mutant(
        "a device that is named as output becomes a file",
        COMMANDS,
        "        if path.exists() and not stat.S_ISREG(path.stat().st_mode):",
        "        if False:",
        COMMAND_TESTS + "what_is_no_ordinary_file_is_written_into_and_stays_what_it_is",
    ),
    Mutant(
        "what the database says is shown",
        COMMANDS,
        'return known or f"The database cannot be used ({type(error).__name__}). Look further with: manage.py doctor"',
        "return known or str(error)",
        COMMAND_TESTS + "error_of_the_world_is_a_sentence",
    ),
)
