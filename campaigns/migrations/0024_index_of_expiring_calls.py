from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('campaigns', '0023_single_calls_expire'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='call',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('status', 'pending')), fields=['expires_at'], name='call_expiring'),
        ),
    ]
