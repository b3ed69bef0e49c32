"""The ten journeys, one for each screen: who wants what of it, and the test that walks it."""

from __future__ import annotations

JOURNEYS: dict[str, str] = {
    "Today": "test_today.test_what_waits_is_seen_and_everything_is_stopped_and_let_pass",
    "Quick call": "test_quick_call.test_one_call_from_the_number_to_the_transcript",
    "Import": "test_imports.test_a_messy_file_becomes_a_list_and_is_taken_back",
    "People and do-not-call": "test_people.test_a_person_is_noted_merged_and_never_called_again",
    "Campaign builder and launch check": "test_campaigns.test_a_campaign_is_written_and_checked",
    "Campaign": "test_campaigns.test_a_campaign_is_launched_paused_finished_and_copied",
    "Call log": "test_call_log.test_the_log_is_narrowed_down_by_its_chips",
    "Call": "test_call.test_a_call_is_read_and_its_person_is_called_again",
    "Reports": "test_reports.test_a_figure_leads_to_its_calls_and_a_table_is_handed_out",
    "Providers": "test_providers.test_a_bad_key_is_refused_and_a_good_one_stored",
}
