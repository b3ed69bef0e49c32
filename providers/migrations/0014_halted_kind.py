"""Keeps for what error a provider was halted."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0013_day_caps'),
    ]

    operations = [
        migrations.AddField(
            model_name='provider',
            name='halted_kind',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
    ]
