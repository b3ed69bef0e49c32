from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0067_shares_of_lines"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="variants",
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name="variants"),
        ),
        migrations.AddField(
            model_name="call",
            name="variant",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=1, verbose_name="variant"
            ),
        ),
    ]
