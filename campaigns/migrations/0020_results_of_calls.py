"""Sums count each call under one result; the kept ones are counted again by the minute job."""

from django.db import migrations, models


def count_again(apps, schema_editor):
    """Forget the sums: reports read the calls themselves until the minute job has counted them again."""
    for name in ("CallTally", "CostTally", "TallyMark"):
        model = apps.get_model("campaigns", name)
        rows = model._default_manager.using(schema_editor.connection.alias).all()
        rows._raw_delete(rows.db)


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0001_squashed_0019_fewer_indexes_of_calls"),
    ]

    operations = [
        migrations.RenameField(model_name="calltally", old_name="completed", new_name="silent"),
        # Words only: no column changes.
        migrations.AlterField(
            model_name='call',
            name='skip_reason',
            field=models.CharField(blank=True, choices=[('', '-'), ('do_not_call', 'Not called: the number is on the do-not-call list.'), ('number_refused', 'Not called: this vendor cannot call this number.'), ('no_zone', 'Not called: the local time of this number is not known.'), ('excluded', 'Not called: this person is among those of a campaign that is left out.'), ('stopped', 'Not called: the campaign was stopped.'), ('missing_variable', 'Not called: a variable of the message is empty.'), ('canceled', 'Not called: a person canceled it.'), ('not_needed', 'Not called: the attempt before it turned out to be answered.')], default='', max_length=20),
        ),
        migrations.AlterField(
            model_name='call',
            name='status',
            field=models.CharField(choices=[('pending', 'Waiting'), ('placing', 'Placing'), ('queued', 'Queued at provider'), ('dialing', 'Dialling'), ('ringing', 'Ringing'), ('in_progress', 'In progress'), ('wrapping_up', 'Wrapping up'), ('completed', 'Completed'), ('no_answer', 'No answer'), ('busy', 'Busy'), ('failed', 'Failed'), ('canceled', 'Cancelled'), ('unknown', 'Unknown'), ('skipped', 'Skipped')], default='pending', max_length=12, verbose_name='state'),
        ),
        migrations.RunPython(count_again, migrations.RunPython.noop),
    ]
