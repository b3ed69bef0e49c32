"""What people write of a call."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

REMARKS = [
    migrations.CreateModel(
        name="CallNote",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField("when", default=timezone.now)),
            ("text", models.TextField("note", max_length=2000)),
            (
                "author",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            ("call", models.ForeignKey("campaigns.call", models.CASCADE, related_name="notes")),
        ],
        options={"verbose_name": "note", "verbose_name_plural": "notes", "ordering": ["id"]},
    ),
    migrations.CreateModel(
        name="CallTag",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField("tag", max_length=60)),
            ("key", models.CharField(editable=False, max_length=60, unique=True)),
        ],
        options={"verbose_name": "tag", "verbose_name_plural": "tags", "ordering": ["key"]},
    ),
    migrations.CreateModel(
        name="CallTagging",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("added_at", models.DateTimeField(default=timezone.now)),
            (
                "added_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            ("call", models.ForeignKey("campaigns.call", models.CASCADE, related_name="taggings")),
            ("tag", models.ForeignKey("campaigns.calltag", models.CASCADE, db_index=False, related_name="taggings")),
        ],
        options={
            "verbose_name": "tag of a call",
            "verbose_name_plural": "tags of calls",
            "constraints": [models.UniqueConstraint(name="tag_once_a_call", fields=("tag", "call"))],
        },
    ),
    migrations.CreateModel(
        name="CallReview",
        fields=[
            (
                "call",
                models.OneToOneField(
                    "campaigns.call", models.CASCADE, primary_key=True, related_name="review", serialize=False
                ),
            ),
            ("score", models.PositiveSmallIntegerField("score")),
            ("comment", models.CharField("comment", blank=True, max_length=1000)),
            ("reviewed_at", models.DateTimeField(default=timezone.now)),
            (
                "reviewer",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
        ],
        options={
            "verbose_name": "review",
            "verbose_name_plural": "reviews",
            "constraints": [models.CheckConstraint(name="score_of_five", condition=Q(score__gte=1, score__lte=5))],
        },
    ),
]
