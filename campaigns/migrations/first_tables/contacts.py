"""Whom we call: people, their lists, the files they came from, and who must not be called."""

from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

from campaigns.models.imports import upload_path

CONTACTS = [
    migrations.CreateModel(
        name="ContactList",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("name", models.CharField("name", max_length=120, unique=True)),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="owner",
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team", models.SET_NULL, blank=True, null=True, related_name="+", verbose_name="team"
                ),
            ),
        ],
        options={"verbose_name": "list", "verbose_name_plural": "lists", "ordering": ["name"]},
    ),
    migrations.CreateModel(
        name="ContactImport",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("file", models.FileField(upload_to=upload_path)),
            ("original_name", models.CharField("file", max_length=200)),
            (
                "status",
                models.CharField(
                    choices=[
                        ("uploaded", "Uploaded"),
                        ("checked", "Checked"),
                        ("saving", "Saving"),
                        ("saved", "Saved"),
                        ("undone", "Undone"),
                        ("refused", "Refused"),
                    ],
                    default="uploaded",
                    max_length=10,
                ),
            ),
            ("region", models.CharField("country of numbers without +", default="IR", max_length=2)),
            ("headers", models.JSONField(default=list)),
            ("mapping", models.JSONField(default=dict)),
            ("total_rows", models.PositiveIntegerField(default=0)),
            ("counts", models.JSONField(default=dict)),
            ("samples", models.JSONField(default=dict)),
            ("done_rows", models.PositiveIntegerField(default=0)),
            ("list_name", models.CharField("list", blank=True, max_length=120)),
            ("tags", models.JSONField(default=list)),
            ("consent_source", models.CharField("consent given by", blank=True, max_length=200)),
            ("saved_at", models.DateTimeField(blank=True, null=True)),
            ("undone_at", models.DateTimeField(blank=True, null=True)),
            ("refused_reason", models.CharField(blank=True, max_length=300)),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="owner",
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team", models.SET_NULL, blank=True, null=True, related_name="+", verbose_name="team"
                ),
            ),
            (
                "contact_list",
                models.ForeignKey(
                    "campaigns.contactlist", models.SET_NULL, blank=True, null=True, related_name="imports"
                ),
            ),
        ],
        options={"verbose_name": "import", "verbose_name_plural": "imports", "ordering": ["-id"]},
    ),
    migrations.CreateModel(
        name="Contact",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("name", models.CharField("name", blank=True, max_length=200)),
            (
                "phone",
                models.CharField("phone", help_text="In E.164, such as +989121234567.", max_length=16, unique=True),
            ),
            ("region", models.CharField("country", blank=True, max_length=2)),
            (
                "time_zone",
                models.CharField(
                    "time zone", blank=True, help_text="Empty: every zone the number may be in counts.", max_length=60
                ),
            ),
            ("variables", models.JSONField("what an agent may know", blank=True, default=dict)),
            ("tags", models.JSONField("tags", blank=True, default=list)),
            ("consent_source", models.CharField("consent given by", blank=True, max_length=200)),
            ("consent_at", models.DateTimeField("consent given at", blank=True, null=True)),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="owner",
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team", models.SET_NULL, blank=True, null=True, related_name="+", verbose_name="team"
                ),
            ),
            (
                "imported_by",
                models.ForeignKey(
                    "campaigns.contactimport",
                    models.SET_NULL,
                    blank=True,
                    editable=False,
                    null=True,
                    related_name="contacts",
                ),
            ),
            (
                "merged_into",
                models.ForeignKey(
                    "campaigns.contact", models.PROTECT, blank=True, editable=False, null=True, related_name="merged"
                ),
            ),
        ],
        options={
            "verbose_name": "contact",
            "verbose_name_plural": "contacts",
            "ordering": ["-id"],
            "indexes": [models.Index(name="contact_by_name", fields=["name", "id"])],
        },
    ),
    migrations.CreateModel(
        name="ListMembership",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("contact", models.ForeignKey("campaigns.contact", models.CASCADE, related_name="memberships")),
            (
                "contact_list",
                models.ForeignKey("campaigns.contactlist", models.CASCADE, db_index=False, related_name="memberships"),
            ),
            (
                "imported_by",
                models.ForeignKey("campaigns.contactimport", models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
        ],
        options={
            "verbose_name": "list member",
            "verbose_name_plural": "list members",
            "indexes": [models.Index(name="member_of_list", fields=["contact_list", "id"])],
            "constraints": [models.UniqueConstraint(name="contact_once_a_list", fields=("contact_list", "contact"))],
        },
    ),
    # Not within the list: its members point at it.
    migrations.AddField(
        "contactlist",
        "contacts",
        models.ManyToManyField("campaigns.contact", related_name="lists", through="campaigns.ListMembership"),
    ),
    migrations.CreateModel(
        name="ContactNote",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("text", models.TextField("note", max_length=4000)),
            ("at", models.DateTimeField("when", default=timezone.now)),
            (
                "author",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="who",
                ),
            ),
            ("contact", models.ForeignKey("campaigns.contact", models.CASCADE, related_name="notes")),
        ],
        options={
            "verbose_name": "note",
            "verbose_name_plural": "notes",
            "ordering": ["-id"],
            "indexes": [models.Index(name="note_by_contact", fields=["contact", "-id"])],
        },
    ),
    migrations.CreateModel(
        name="DoNotCall",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("phone", models.CharField("phone", max_length=16, unique=True)),
            ("reason", models.CharField("reason", blank=True, max_length=300)),
            (
                "source",
                models.CharField(
                    "source",
                    choices=[
                        ("person", "The person asked us"),
                        ("vendor", "Heard by the vendor in a call"),
                        ("import", "Imported list"),
                        ("authority", "A public do-not-call list"),
                    ],
                    default="person",
                    max_length=10,
                ),
            ),
            ("added_at", models.DateTimeField("added", default=timezone.now)),
            ("expires_at", models.DateTimeField("until", blank=True, help_text="Empty: for ever.", null=True)),
            (
                "added_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="added by",
                ),
            ),
        ],
        options={
            "verbose_name": "do-not-call entry",
            "verbose_name_plural": "do-not-call list",
            "ordering": ["-added_at", "-id"],
        },
    ),
]
