"""The rights of teams, and further teams of a user."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0008_personal_clock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="right",
            options={
                "default_permissions": (),
                "managed": False,
                "permissions": [
                    ('see_today', 'See what needs me'),
                    ('place_call', 'Call one person'),
                    ('place_test_call', "Place test calls to one's own phone"),
                    ('see_calls', 'See own calls'),
                    ('see_team_calls', "See and change what belongs to one's teams"),
                    ('see_unassigned', 'See and change calls, campaigns and imports of no team'),
                    ('see_all_calls', 'See what belongs to any team'),
                    ('hear_calls', 'Read transcripts and hear recordings'),
                    ('see_all_content', 'See contacts, transcripts and recordings of any team, with the rights to such rows'),
                    ('note_calls', 'Write notes and tags on calls'),
                    ('review_calls', 'Give calls a review score'),
                    ('share_filters', 'Share saved filters'),
                    ('see_people', 'See contacts and lists'),
                    ('see_old_numbers', 'See whole numbers also of calls that ended long ago'),
                    ('import_people', 'Import contacts'),
                    ('merge_people', 'Make one person of two entries'),
                    ('add_do_not_call', 'Add to the do-not-call list'),
                    ('remove_do_not_call', 'Remove from the do-not-call list, with a reason'),
                    ('allow_numbers', 'Allow single numbers of types that are not called, with a reason'),
                    ('draft_campaign', 'Write campaigns'),
                    ('launch_campaign', 'Launch campaigns up to the limit of people'),
                    ('launch_above_limit', 'Launch campaigns of any size'),
                    ('control_campaign', 'Pause, resume and stop campaigns'),
                    ('control_all_campaigns', 'Change what belongs to any team, and stop any campaign'),
                    ('stop_all', 'Press stop-all'),
                    ('release_stop_all', 'Release stop-all'),
                    ('settle_calls', 'Decide about calls whose result nobody knows, and held calls'),
                    ('settle_own_calls', 'Decide about own single calls whose result nobody knows'),
                    ('review_vendor_calls', 'Decide about vendor calls that nobody knows'),
                    ('export_calls', 'Export calls'),
                    ('see_exports', 'See own exports'),
                    ('see_all_exports', "See everybody's exports, fetch and delete their files"),
                    ('see_reports', 'See reports'),
                    ('see_providers', 'See the state of providers'),
                    ('manage_providers', 'Create, test, halt and resume providers'),
                    ('manage_people', 'Manage users, roles and teams'),
                    ('change_settings', 'Change the settings of this installation'),
                ],
            },
        ),
        migrations.CreateModel(
            name="FurtherTeam",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="further_members", to="access.team"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="further_teams",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "further team of a user",
                "verbose_name_plural": "further teams of users",
                "constraints": [models.UniqueConstraint(fields=("user", "team"), name="further_team_once")],
            },
        ),
    ]
