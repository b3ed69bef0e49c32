"""Calls and their costs, summed by quarters of an hour."""

from django.db import migrations, models

TALLIES = [
    migrations.CreateModel(
        name="CallTally",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("quarter", models.PositiveIntegerField()),
            ("attempt", models.PositiveSmallIntegerField()),
            ("sent", models.PositiveIntegerField()),
            ("completed", models.PositiveIntegerField()),
            ("no_answer", models.PositiveIntegerField()),
            ("busy", models.PositiveIntegerField()),
            ("failed", models.PositiveIntegerField()),
            ("canceled", models.PositiveIntegerField()),
            ("talked", models.PositiveIntegerField()),
            ("machine", models.PositiveIntegerField()),
            (
                "campaign",
                models.ForeignKey("campaigns.campaign", models.CASCADE, db_index=False, null=True, related_name="+"),
            ),
            ("provider", models.ForeignKey("providers.provider", models.CASCADE, db_index=False, related_name="+")),
        ],
        options={
            "verbose_name": "sum of calls",
            "verbose_name_plural": "sums of calls",
            "indexes": [models.Index(name="tally_by_quarter", fields=["quarter"])],
        },
    ),
    migrations.CreateModel(
        name="CostTally",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("quarter", models.PositiveIntegerField()),
            ("currency", models.CharField(blank=True, max_length=3)),
            ("told", models.DecimalField(decimal_places=4, max_digits=20)),
            ("priced", models.PositiveIntegerField()),
            ("priced_seconds", models.PositiveBigIntegerField()),
            ("unpriced", models.PositiveIntegerField()),
            ("unpriced_seconds", models.PositiveBigIntegerField()),
            (
                "campaign",
                models.ForeignKey("campaigns.campaign", models.CASCADE, db_index=False, null=True, related_name="+"),
            ),
            ("provider", models.ForeignKey("providers.provider", models.CASCADE, db_index=False, related_name="+")),
        ],
        options={
            "verbose_name": "sum of costs",
            "verbose_name_plural": "sums of costs",
            "indexes": [models.Index(name="costs_by_quarter", fields=["quarter"])],
        },
    ),
    migrations.CreateModel(
        name="TallyMark",
        fields=[
            ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
            ("through", models.PositiveIntegerField(default=0)),
            ("looked_at", models.DateTimeField(blank=True, null=True)),
        ],
        options={"verbose_name": "mark of the sums", "verbose_name_plural": "marks of the sums"},
    ),
]
