from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0069_variants"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("variant", ""), _negated=True),
                fields=["campaign", "variant", "-id", "attempt"],
                name="call_of_variant",
            ),
        ),
    ]
