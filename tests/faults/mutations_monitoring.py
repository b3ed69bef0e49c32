"""Mutations of what keeps secrets and numbers out of metrics, logs and reports, and probes answering."""

from __future__ import annotations

from tests.faults.mutant import Mutant

ACCESS = "callcenter/monitoring/access.py"
ALERTS = "campaigns/notices/alerts.py"
BOUNDED = "callcenter/monitoring/bounded_reads.py"
FIGURES = "callcenter/monitoring/figures.py"
LOGS = "callcenter/logs.py"
METRICS = "callcenter/monitoring/metrics.py"
OUTBOUND = "providers/outbound.py"
PROBES = "callcenter/monitoring/probes.py"
REPORTS = "callcenter/error_reports.py"
REQUEST_IDS = "callcenter/request_ids.py"
REQUEST_LOG = "callcenter/monitoring/request_log.py"
SETTINGS = "callcenter/settings.py"

LOG_TESTS = "tests/callcenter/test_logs.py::test_"
METRIC_TESTS = "tests/callcenter/monitoring/test_metrics.py::test_"
PROBE_TESTS = "tests/callcenter/monitoring/test_probes.py::test_"
REPORT_TESTS = "tests/callcenter/test_error_reports.py::test_"
REQUEST_TESTS = "tests/callcenter/monitoring/test_request_log.py::test_"

MONITORING = (
    # Who may read
    Mutant(
        "an empty token opens the metrics",
        ACCESS,
        'return bool(settings.METRICS_TOKEN) and scheme.lower() == "bearer" and is_right',
        'return scheme.lower() == "bearer" and is_right',
        METRIC_TESTS + "an_empty_token_is_not_the_token_of_an_installation_that_lists_addresses",
    ),
    Mutant(
        "whoever comes through a listed proxy reads the metrics",
        ACCESS,
        "if any(name in request.headers for name in FORWARDED):",
        "if not request.META:",
        METRIC_TESTS + "a_listed_address_reads_unless_a_proxy_stands_between",
    ),
    Mutant(
        "the details of readiness for everybody",
        PROBES,
        "if has_token(request):",
        "if request.META:",
        PROBE_TESTS + "details_and_version_are_for_those_with_the_token",
    ),
    # Figures within a bound
    Mutant(
        "a figure's statement without an end, on SQLite",
        BOUNDED,
        "driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)",
        "driver.set_progress_handler(lambda: until < 0, _STEPS)",
        METRIC_TESTS + "a_statement_that_takes_too_long_is_broken_off",
    ),
    Mutant(
        "the connection that the queue closed is used",
        BOUNDED,
        "with suppress(sqlite3.ProgrammingError):",
        "with suppress(ZeroDivisionError):",
        METRIC_TESTS + "a_connection_that_is_closed_meanwhile_ends_the_bound_in_peace",
    ),
    Mutant(
        "one group that fails takes all with it",
        METRICS,
        "except Exception as error:",
        "except TimeoutError as error:",
        METRIC_TESTS + "one_group_that_fails_costs_no_other",
    ),
    Mutant(
        "every scrape reads",
        METRICS,
        "if time.monotonic() - self._read_at >= KEPT_SECONDS:",
        "if self._lock:",
        METRIC_TESTS + "a_second_scrape_within_seconds_reads_nothing",
    ),
    Mutant(
        "the last minutes by the index of statuses",
        FIGURES,
        'ended = Counter(lately.values_list("status", flat=True).iterator())',
        'ended = Counter(dict(lately.values_list("status").annotate(Count("id"))))',
        METRIC_TESTS + "no_figure_walks_through_the_calls_of_all_time",
    ),
    # Probes
    Mutant(
        "probes only under a known name",
        SETTINGS,
        '    "callcenter.monitoring.machine_pages.MachinePages",\n',
        "",
        PROBE_TESTS + "machines_ask_by_ip_address_and_without_https",
    ),
    Mutant(
        "probes are sent to https",
        SETTINGS,
        'r"^livez$", ',
        "",
        PROBE_TESTS + "machines_ask_by_ip_address_and_without_https",
    ),
    Mutant(
        "readiness repeats the database's text",
        PROBES,
        'return False, f"failed ({type(error).__name__})."',
        "return False, str(error)",
        PROBE_TESTS + "a_database_that_is_away_is_not_ready_and_not_spelled_out",
    ),
    # Request ids and the access log
    Mutant(
        "any request id is taken",
        REQUEST_IDS,
        "if _WELL_FORMED.fullmatch(offered)",
        "if offered",
        REQUEST_TESTS + "a_well_formed_id_is_taken_and_another_is_made",
    ),
    Mutant(
        "a phone number for a request id",
        REQUEST_IDS,
        "(?=.*[A-Za-z])",
        "",
        REQUEST_TESTS + "a_well_formed_id_is_taken_and_another_is_made",
    ),
    Mutant(
        "an id stays behind for the next request",
        REQUEST_LOG,
        "    request_ids.end()\n",
        "    return\n",
        REQUEST_TESTS + "two_requests_have_two_ids_and_none_stays_behind",
    ),
    Mutant(
        "a query's values in the access log",
        REQUEST_LOG,
        "f'{name}={HIDDEN}' for name in names",
        "f'{name}={value}' for name, value in sorted(query)",
        REQUEST_TESTS + "a_path_is_written_without_what_may_be_secret",
    ),
    Mutant(
        "webhook tokens in the access log",
        REQUEST_LOG,
        r'path = HOOK.sub(rf"\1{HIDDEN}", escape_uri_path(request.path))',
        "path = escape_uri_path(request.path)",
        REQUEST_TESTS + "a_path_is_written_without_what_may_be_secret",
    ),
    Mutant(
        "a path may break the line",
        REQUEST_LOG,
        "escape_uri_path(request.path)",
        "request.path",
        REQUEST_TESTS + "a_path_is_written_without_what_may_be_secret",
    ),
    Mutant(
        "a refusal with its traceback",
        LOGS,
        "record.exc_info = record.exc_text = None",
        "pass",
        REQUEST_TESTS + "a_refusal_is_one_line",
    ),
    Mutant(
        "a refusal in two lines",
        LOGS,
        'return record.name != "django.request"',
        "return True",
        REQUEST_TESTS + "a_refusal_is_one_line",
    ),
    # Masking
    Mutant(
        "extra fields of a line unmasked",
        LOGS,
        "{name: masked_value(value) for name, value in log_data.items()",
        "{name: value for name, value in log_data.items()",
        LOG_TESTS + "a_trace_is_part_of_the_line_and_masked",
    ),
    Mutant(
        "Django's request in a line",
        LOGS,
        '[*RESERVED_ATTRS, "request", "server_time"]',
        "[*RESERVED_ATTRS]",
        LOG_TESTS + "django_s_request_is_never_written",
    ),
    Mutant(
        "text lines unmasked",
        LOGS,
        "return masked(super().format(record))",
        "return super().format(record)",
        LOG_TESTS + "a_trace_is_part_of_the_line_and_masked",
    ),
    # Error reports
    Mutant(
        "reports unmasked",
        REPORTS,
        'masked_value({**report, "tags": tags})',
        '{**report, "tags": tags}',
        REPORT_TESTS + "a_logged_error_is_reported_masked_and_a_warning_is_not",
    ),
    Mutant(
        "headers and query in a report",
        REPORTS,
        "{part: request[part] for part in REQUEST_PARTS if part in request}",
        "dict(request)",
        REPORT_TESTS + "a_page_that_fails_is_reported_without_what_people_sent",
    ),
    Mutant(
        "a report to any host",
        OUTBOUND,
        'checked(url, settings.OUTBOUND_HOSTS, "")',
        'checked(url, [url.split("/")[2]], "")',
        REPORT_TESTS + "nothing_leaves_to_a_host_that_is_not_listed_or_in_the_clear",
    ),
    Mutant(
        "reports by the library's own wire",
        REPORTS,
        "transport=transport or _our_transport(),",
        "transport=transport,",
        REPORT_TESTS + "a_report_leaves_once_over_our_own_wire_and_follows_no_redirect",
    ),
    Mutant(
        "a foreign host is an error to report",
        REPORTS,
        'if getattr(hint.get("log_record"), "status_code", 500) < 500:',
        "if not hint and not event:",
        REPORT_TESTS + "a_refusal_is_no_error",
    ),
    Mutant(
        "a report's address is not looked at by the settings",
        SETTINGS,
        'or (_dsn.hostname or "") not in OUTBOUND_HOSTS:',
        "or not _dsn.hostname:",
        LOG_TESTS + "a_setting_that_cannot_be_meant_is_refused_by_name",
    ),
    # Alerts
    Mutant(
        "superusers are told nothing",
        "campaigns/notices/concerned.py",
        "        for person in holders_of(right):",
        "        for person in holders_of(right, by_role=True):",
        "tests/campaigns/notices/test_alerts.py::test_superusers_get_alerts_without_a_role_and_nobody_twice",
    ),
)
