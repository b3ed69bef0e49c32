"""Who, role, session, address, request; the chain, its seals, what watches it, what is counted."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('event_id', models.BigIntegerField(unique=True)),
                ('kind', models.CharField(blank=True, choices=[('', 'Signed'), ('early', 'Written by a version without signatures'), ('foreign', 'Not written by Callcenter')], default='', max_length=8)),
                ('row_hash', models.CharField(max_length=64)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'link of the audit log',
                'verbose_name_plural': 'links of the audit log',
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField(db_index=True)),
                ('digest', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('seal', 'Seal'), ('checkpoint', 'Older rows were removed by retention'), ('renewed', 'Sealed anew with another key')], default='seal', max_length=12)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('found', models.CharField(blank=True, default='', max_length=20)),
                ('key', models.CharField(max_length=8)),
                ('mac', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'seal of the audit log',
                'verbose_name_plural': 'seals of the audit log',
            },
        ),
        migrations.CreateModel(
            name='AuditTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('values', models.JSONField(default=dict)),
                ('times', models.PositiveIntegerField(default=0)),
                ('first_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('last_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'count of the audit log',
                'verbose_name_plural': 'counts of the audit log',
            },
        ),
        migrations.CreateModel(
            name='AuditWatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('checked_through', models.BigIntegerField(default=0)),
                ('round_ended_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.TextField(blank=True, default='')),
                ('problem_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'watch of the audit log',
                'verbose_name_plural': 'watch of the audit log',
            },
        ),
        migrations.AddField(
            model_name='auditevent',
            name='actor_name',
            field=models.CharField(blank=True, db_default='', default='', max_length=150),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='address',
            field=models.CharField(blank=True, db_default='', default='', max_length=45, verbose_name='address'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='request_id',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='request'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='role',
            field=models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='role'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='session',
            field=models.CharField(blank=True, db_default='', default='', max_length=16, verbose_name='session'),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='signature',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='source',
            field=models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='from'),
        ),
        migrations.AlterField(
            model_name='auditevent',
            name='actor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who'),
        ),
    ]
