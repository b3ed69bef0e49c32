"""The tables of the first release: rights, teams and who is in them."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("access", "0001_initial"),
        ("access", "0002_same_people"),
        ("access", "0003_calls_and_exports"),
        ("access", "0004_vendor_calls"),
    ]

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Right",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
            ],
            options={
                "permissions": [
                    ("see_today", "See what needs me"),
                    ("place_call", "Call one person"),
                    ("see_calls", "See own calls"),
                    ("see_all_calls", "See everybody's calls"),
                    ("hear_calls", "Read transcripts and hear recordings"),
                    ("note_calls", "Write notes and tags on calls"),
                    ("review_calls", "Give calls a review score"),
                    ("share_filters", "Share saved filters with everybody"),
                    ("see_people", "See contacts and lists"),
                    ("import_people", "Import contacts"),
                    ("merge_people", "Make one person of two entries"),
                    ("add_do_not_call", "Add to the do-not-call list"),
                    ("remove_do_not_call", "Remove from the do-not-call list, with a reason"),
                    ("draft_campaign", "Write campaigns"),
                    ("launch_campaign", "Launch campaigns up to the limit of people"),
                    ("launch_above_limit", "Launch campaigns of any size"),
                    ("control_campaign", "Pause, resume and stop own campaigns"),
                    ("control_all_campaigns", "Pause, resume and stop any campaign"),
                    ("stop_all", "Press stop-all"),
                    ("release_stop_all", "Release stop-all"),
                    ("settle_calls", "Decide about unknown and held calls"),
                    ("review_vendor_calls", "Decide about vendor calls that nobody knows"),
                    ("export_calls", "Export calls"),
                    ("see_exports", "See own exports"),
                    ("see_all_exports", "See everybody's exports, fetch and delete their files"),
                    ("see_reports", "See reports"),
                    ("see_providers", "See the state of providers"),
                    ("manage_providers", "Create, test, halt and resume providers"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField("name", max_length=80, unique=True)),
            ],
            options={"verbose_name": "team", "verbose_name_plural": "teams", "ordering": ["name"]},
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user", models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="membership")),
                ("team", models.ForeignKey("access.team", models.CASCADE, related_name="memberships")),
            ],
            options={"verbose_name": "team member", "verbose_name_plural": "team members"},
        ),
    ]
