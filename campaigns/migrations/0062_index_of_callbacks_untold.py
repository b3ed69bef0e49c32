from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0061_happenings"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="callback",
            index=models.Index(
                condition=models.Q(("due_told_at__isnull", True)), fields=["call"], name="callback_due_untold"
            ),
        ),
    ]
