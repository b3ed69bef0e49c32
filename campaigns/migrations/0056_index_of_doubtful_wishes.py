from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("campaigns", "0055_answers"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="heardoptout",
            index=models.Index(
                condition=models.Q(("contact_import__isnull", False)),
                fields=["contact_import", "phone"],
                name="wish_of_a_file",
            ),
        ),
    ]
