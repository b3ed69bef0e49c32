from django.db import migrations

# Its author was never kept, so none is named.
COPY = """
    INSERT INTO campaigns_contactnote (contact_id, text, at)
    SELECT id, notes, created_at FROM campaigns_contact WHERE notes <> ''
"""


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0010_same_people")]

    operations = [migrations.RunSQL(COPY, "DELETE FROM campaigns_contactnote")]
