from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("campaigns", "0041_wishes_and_consent"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="donotcall",
            index=models.Index(
                condition=models.Q(("imported_by__isnull", False)), fields=["imported_by"], name="opt_out_by_import"
            ),
        ),
    ]
