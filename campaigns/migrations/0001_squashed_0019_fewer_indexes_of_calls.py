"""The tables of the first release, each written down under its subject in `first_tables`."""

from django.conf import settings
from django.db import migrations

from campaigns.migrations.first_tables.call_log import CALL_LOG
from campaigns.migrations.first_tables.calls import CALLS
from campaigns.migrations.first_tables.campaigns import CAMPAIGNS
from campaigns.migrations.first_tables.contacts import CONTACTS
from campaigns.migrations.first_tables.remarks import REMARKS
from campaigns.migrations.first_tables.system import SWITCH, SYSTEM
from campaigns.migrations.first_tables.tallies import TALLIES
from campaigns.migrations.first_tables.transcripts import SEARCH_INDEX, TRANSCRIPTS
from campaigns.migrations.first_tables.vendor_news import VENDOR_NEWS


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_reasons"),
        ("campaigns", "0003_the_switch"),
        ("campaigns", "0004_held_calls"),
        ("campaigns", "0005_hints"),
        ("campaigns", "0006_alerts"),
        ("campaigns", "0007_watching"),
        ("campaigns", "0008_ghosts"),
        ("campaigns", "0009_audience_and_starts"),
        ("campaigns", "0010_same_people"),
        ("campaigns", "0011_notes_kept"),
        ("campaigns", "0012_one_note_field_less"),
        ("campaigns", "0013_remarks_and_exports"),
        ("campaigns", "0014_transcript_search"),
        ("campaigns", "0015_sums_and_indexes"),
        ("campaigns", "0016_words_cost"),
        ("campaigns", "0017_covering_index"),
        ("campaigns", "0018_members_in_order"),
        ("campaigns", "0019_fewer_indexes_of_calls"),
    ]

    dependencies = [
        ("access", "0001_squashed_0004_vendor_calls"),
        ("providers", "0001_squashed_0006_recording_host"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *SYSTEM,
        *SWITCH,
        *CONTACTS,
        *CAMPAIGNS,
        *CALLS,
        *TRANSCRIPTS,
        *SEARCH_INDEX,
        *REMARKS,
        *CALL_LOG,
        *VENDOR_NEWS,
        *TALLIES,
    ]
