from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0011_notes_kept")]

    operations = [migrations.RemoveField("contact", "notes")]
