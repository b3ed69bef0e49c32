from django.db import migrations, models

from callcenter.big_tables import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("campaigns", "0032_calls_without_news"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='call',
            index=models.Index(condition=models.Q(('no_news_at__isnull', False)), fields=['provider', 'next_poll_at'], name='call_without_news'),
        ),
    ]
