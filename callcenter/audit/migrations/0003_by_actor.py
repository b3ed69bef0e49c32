"""The events of one user, newest first."""

from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('audit', '0002_chain'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['actor', '-id'], name='audit_by_actor'),
        ),
    ]
