"""The events of one action, newest first."""

from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('audit', '0003_by_actor'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['action', '-id'], name='audit_by_action'),
        ),
    ]
