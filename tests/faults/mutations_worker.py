"""Mutations of the worker: what keeps it alive, and what tells that it is not."""

from __future__ import annotations

from tests.faults.mutant import Mutant

SUPERVISOR = "callcenter/worker/supervisor.py"
LIFE = "callcenter/worker/life.py"
BOARD = "callcenter/worker/board.py"
BOUND = "callcenter/bound.py"
CHILD = "callcenter/worker/child.py"
CLOCK = "callcenter/worker/clock.py"
ORPHANS = "callcenter/worker/orphans.py"
SUPERVISION = "callcenter/supervision.py"
UP = "callcenter/management/commands/up.py"
CONTEXT = "callcenter/context.py"
HOSTS = "campaigns/core/hosts.py"
DISPATCHER = "campaigns/dialing/dispatcher.py"
ALERTS = "campaigns/notices/alerts.py"

SUPERVISOR_TESTS = "tests/callcenter/worker/test_supervisor.py::test_"
LIFE_TESTS = "tests/callcenter/worker/test_life.py::test_"
BOARD_TESTS = "tests/callcenter/worker/test_board.py::test_"
CHILD_TESTS = "tests/callcenter/worker/test_child.py::test_"
CLOCK_TESTS = "tests/callcenter/worker/test_clock.py::test_"
ORPHAN_TESTS = "tests/callcenter/worker/test_orphans.py::test_"
COMMAND_TESTS = "tests/test_commands.py::test_"
KEEPING_TESTS = "tests/callcenter/test_supervision.py::test_"
SHELL_TESTS = "tests/test_shell.py::test_"
HOSTS_TESTS = "tests/campaigns/core/test_hosts.py::test_"
PROGRESS_TESTS = "tests/campaigns/core/test_progress.py::test_"
ALERT_TESTS = "tests/campaigns/notices/test_alerts.py::test_"

WORKER = (
    Mutant(
        "leave a worker's place empty where its process died",
        SUPERVISOR,
        "if not place.pid and now - place.forked_at",
        "if place.forked_at <= 0 and now - place.forked_at",
        SUPERVISOR_TESTS + "a_child_that_dies_is_replaced_and_the_other_is_not",
    ),
    Mutant(
        "tell nobody that a worker's child died with its slice",
        SUPERVISOR,
        "follows_a_death=self.has_died",
        "follows_a_death=False",
        SUPERVISOR_TESTS + "who_follows_a_death_knows_it_and_who_follows_an_end_does_not",
    ),
    Mutant(
        "let the slice of a dead worker's child wait for the minute",
        CHILD,
        "if life.follows_a_death:",
        "if False:",
        CHILD_TESTS + "who_follows_a_death_rings_for_the_work_that_died",
    ),
    Mutant(
        "wait for ever for a worker's process without progress",
        SUPERVISOR,
        "> place.slot.allowed:",
        "> 1e9:",
        SUPERVISOR_TESTS + "a_child_without_progress_is_replaced",
    ),
    Mutant(
        "take a worker's process that is born slowly for stuck",
        SUPERVISOR,
        "        self.slot.tick(IDLE_SECONDS)\n",
        "",
        SUPERVISOR_TESTS + "a_child_that_is_born_slowly_is_not_stuck",
    ),
    Mutant(
        "leave a worker's process stopped",
        SUPERVISOR,
        "                place.send(signal.SIGCONT)\n            place.stopped_at",
        "                pass\n            place.stopped_at",
        SUPERVISOR_TESTS + "a_stopped_child_is_continued_and_one_that_is_stopped_again_is_replaced",
    ),
    Mutant(
        "continue a worker's process again and again",
        SUPERVISOR,
        "if place.was_continued:",
        "if False:",
        SUPERVISOR_TESTS + "a_stopped_child_is_continued_and_one_that_is_stopped_again_is_replaced",
    ),
    Mutant(
        "go on with a worker whose work stands still",
        SUPERVISOR,
        "            self.stands_still = True\n",
        "",
        SUPERVISOR_TESTS + "where_the_work_stands_still_it_ends_to_be_started_anew",
    ),
    Mutant(
        "ask a stopped process of the worker to end",
        SUPERVISOR,
        "# One that is stopped would not hear it.\n                    place.send(signal.SIGCONT)\n",
        "pass\n",
        SUPERVISOR_TESTS + "a_task_ends_before_its_child_does",
    ),
    Mutant(
        "let a worker's child outlive its supervisor",
        BOUND,
        'if sys.platform == "linux":',
        "if False:",
        LIFE_TESTS + "a_child_dies_with_its_supervisor_in_mid_task",
    ),
    Mutant(
        "let a worker's child begin without its supervisor",
        BOUND,
        "return os.getppid() == parent",
        "return True",
        LIFE_TESTS + "a_child_whose_supervisor_is_gone_ends",
    ),
    Mutant(
        "let the worker outlive a killed up",
        SUPERVISION,
        "[sys.executable, str(BOUND), str(os.getpid()), *program.command]",
        "list(program.command)",
        KEEPING_TESTS + "programs_end_with_a_group_that_is_killed",
    ),
    Mutant(
        "let a worker's child not mind that its supervisor is gone",
        LIFE,
        "if os.getppid() != self._supervisor_pid:",
        "if False:",
        LIFE_TESTS + "a_child_whose_supervisor_is_gone_ends",
    ),
    Mutant(
        "leave the worker's supervisor stopped",
        LIFE,
        "self._signal_supervisor(signal.SIGCONT)",
        "pass",
        LIFE_TESTS + "a_stopped_supervisor_is_continued",
    ),
    Mutant(
        "leave a worker's silent supervisor in its place",
        LIFE,
        "elif silent >= 2 * SUPERVISOR_SILENT:",
        "elif silent < 0:",
        LIFE_TESTS + "a_supervisor_that_stays_silent_is_killed",
    ),
    Mutant(
        "count sleep of the machine as a worker's silence",
        BOARD,
        "min(now - self._looked_at, STEP)",
        "now - self._looked_at",
        BOARD_TESTS + "nobody_was_silent_while_the_machine_slept",
    ),
    Mutant(
        "write no heartbeat after a worker's message",
        CHILD,
        "        self._life.beat()\n",
        "",
        CHILD_TESTS + "a_message_that_was_handled_is_gone_and_is_the_heartbeat",
    ),
    Mutant(
        "let a worker's child die with a result that cannot be saved",
        CHILD,
        "        except Exception:\n            # The message",
        "        except ValueError:\n            # The message",
        CHILD_TESTS + "a_result_that_cannot_be_saved_does_not_end_the_child",
    ),
    Mutant(
        "let a worker's child die with the broker",
        CHILD,
        "            except Exception:\n                # Broker",
        "            except ValueError:\n                # Broker",
        CHILD_TESTS + "a_broker_that_is_away_is_awaited_and_said_once",
    ),
    Mutant(
        "never find that a worker's work stands still",
        CLOCK,
        "return self._is_idle() and (age",
        "return False and (age",
        CLOCK_TESTS + "the_work_stands_still_where_children_wait_and_nothing_passes",
    ),
    Mutant(
        "find that a busy worker stands still",
        CLOCK,
        "if not any(child.is_idle for child in children):",
        "if False:",
        CLOCK_TESTS + "it_does_not_stand_still_while_all_are_busy",
    ),
    Mutant(
        "find that a worker stands still while messages pass",
        CLOCK,
        "self._idle_for.look(handled + self._busy_looks)",
        "self._idle_for.look(self._busy_looks)",
        CLOCK_TESTS + "it_does_not_stand_still_while_messages_pass",
    ),
    Mutant(
        "send a worker heartbeats where messages wait",
        CLOCK,
        " and not self._broker.queue_size():",
        ":",
        CLOCK_TESTS + "a_heartbeat_is_asked_for_where_no_message_will_bring_one",
    ),
    Mutant(
        "take the start of a worker for a heartbeat",
        HOSTS,
        'started = {"started_at": now, ',
        'started = {"started_at": now, "beat_at": now, ',
        HOSTS_TESTS + "a_start_is_no_heartbeat",
    ),
    Mutant(
        "hide a worker behind the end of another on its host",
        HOSTS,
        ".update(beat_at=now, ended_at=None)",
        ".update(beat_at=now)",
        HOSTS_TESTS + "a_heartbeat_after_another_start_ended_counts",
    ),
    Mutant(
        "kill a stranger in place of a dead worker's child",
        ORPHANS,
        "if start and began(pid) == start:",
        "if start:",
        ORPHAN_TESTS + "a_stranger_with_the_number_of_an_orphan_lives_on",
    ),
    Mutant(
        "kill the children of a living worker",
        ORPHANS,
        " or began(supervisor) == its_start:",
        ":",
        ORPHAN_TESTS + "the_children_of_a_living_supervisor_are_left_alone",
    ),
    Mutant(
        "end all with the worker",
        SUPERVISION,
        "if not child.program.is_kept:",
        "if True:",
        KEEPING_TESTS + "a_kept_program_is_started_anew_after_waits_that_grow",
    ),
    Mutant(
        "do not keep the worker of up",
        UP,
        ", is_kept=True)",
        ")",
        COMMAND_TESTS + "up_keeps_the_worker_and_nothing_else",
    ),
    Mutant(
        "dial on where the worker is asked to end",
        DISPATCHER,
        "if progress.tell():",
        "if False:",
        PROGRESS_TESTS + "a_dispatch_slice_leaves_off_and_the_rest_is_left_to_the_next",
    ),
    Mutant(
        "tell of a worker's every short silence",
        ALERTS,
        "or standing.silent_for < SILENT_FOR",
        "",
        ALERT_TESTS + "neither_a_short_silence_nor_a_new_installation_is_told",
    ),
    Mutant(
        "tell again of a worker that comes and goes",
        ALERTS,
        "told.filter(raised_at__lte=now - datetime.timedelta(seconds=QUIET_AFTER))",
        "told",
        ALERT_TESTS + "a_silent_worker_is_told_once_an_incident",
    ),
    Mutant(
        "be ready without a worker",
        "callcenter/monitoring/probes.py",
        "    if work.is_alive:",
        "    if True:",
        "tests/callcenter/monitoring/test_probes.py::test_without_a_worker_it_answers_but_is_not_ready",
    ),
    Mutant(
        "ask for the worker at every page",
        CONTEXT,
        "if kept is None or time.monotonic() >= kept[0]:",
        "if True:",
        SHELL_TESTS + "many_pages_ask_once_for_the_worker",
    ),
)
