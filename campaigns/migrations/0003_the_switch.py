from django.db import migrations


def make_switch(apps, schema_editor):
    apps.get_model("campaigns", "DialingSwitch").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    """Makes the one stop-all row: where it is missing, no commit point passes."""

    dependencies = [("campaigns", "0002_reasons")]

    operations = [migrations.RunPython(make_switch, migrations.RunPython.noop)]
