import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0033_index_of_calls_without_news"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='redials',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='dialled again by the vendor'),
        ),
        migrations.AddField(
            model_name='call',
            name='direction',
            field=models.CharField(choices=[('outbound', 'Outbound'), ('inbound', 'Inbound')], db_default='outbound', default='outbound', max_length=8, verbose_name='direction'),
        ),
        migrations.AddField(
            model_name='callhint',
            name='is_inbound',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='InboundCall',
            fields=[
                ('call', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='inbound', serialize=False, to='campaigns.call')),
                ('our_number', models.CharField(blank=True, max_length=40, verbose_name='our number')),
                ('handled_at', models.DateTimeField(blank=True, null=True, verbose_name='handled')),
                ('answers', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='called_back_by', to='campaigns.call', verbose_name='called back after')),
                ('handled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'inbound call',
                'verbose_name_plural': 'inbound calls',
                'indexes': [models.Index(condition=models.Q(('answers__isnull', False), ('handled_at__isnull', True)), fields=['-call'], name='called_back_open')],
            },
        ),
    ]
