from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q


def mark_known_wishes(apps, schema_editor):
    """Mark the entries that are opt-outs of the persons themselves; of what a file brought, pessimistically."""
    DoNotCall = apps.get_model("campaigns", "DoNotCall")
    CallEvent = apps.get_model("campaigns", "CallEvent")
    heard = CallEvent.objects.filter(code="do_not_call_heard", call__to_number=OuterRef("phone"))
    lists = Q(imported_by__purpose="do_not_call")
    DoNotCall.objects.filter(
        Q(source="vendor") | (Q(source="import") & ~lists) | (Q(source="person") & Exists(heard))
    ).update(is_own_wish=True)


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0042_index_of_imported_opt_outs'),
    ]

    operations = [
        migrations.AddField(
            model_name='donotcall',
            name='is_own_wish',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunPython(mark_known_wishes, migrations.RunPython.noop, elidable=True),
    ]
