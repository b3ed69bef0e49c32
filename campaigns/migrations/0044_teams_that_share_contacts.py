"""Lets no team lose sight of the people whom it lists or calls, and no manager of no team of everybody's work."""

from typing import Any

from django.db import migrations

SHARE = (
    "INSERT INTO campaigns_contactteam (contact_id, team_id, at) "
    "SELECT DISTINCT c.id, o.team_id, CURRENT_TIMESTAMP FROM {rows} "
    "WHERE o.team_id IS NOT NULL AND c.team_id IS NOT NULL AND c.team_id <> o.team_id "
    "AND NOT EXISTS (SELECT 1 FROM campaigns_contactteam s WHERE s.contact_id = c.id AND s.team_id = o.team_id)"
)
OF_LISTS = (
    "campaigns_contactlist o JOIN campaigns_listmembership m ON m.contact_list_id = o.id "
    "JOIN campaigns_contact c ON c.id = m.contact_id"
)
OF_CALLS = "campaigns_call o JOIN campaigns_contact c ON c.id = o.contact_id"


def keep_in_sight(apps: Any, schema_editor: Any) -> None:
    """Share contacts with the teams that list or called them; put managers of no team in every team.

    One row is one number: whoever imported it first is its team, and others worked with it all the same.
    """
    team = apps.get_model("access", "Team")
    if not team.objects.exists():
        return
    with schema_editor.connection.cursor() as cursor:
        for rows in (OF_LISTS, OF_CALLS):
            cursor.execute(SHARE.format(rows=rows))
    managers = apps.get_model("auth", "User").objects.filter(groups__name="Managers", membership__isnull=True)
    further = apps.get_model("access", "FurtherTeam")
    further.objects.bulk_create(
        [further(user_id=person, team_id=pk) for person in managers.values_list("pk", flat=True) for pk in
         team.objects.values_list("pk", flat=True)],
        ignore_conflicts=True,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0043_rows_of_teams"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(keep_in_sight, migrations.RunPython.noop, elidable=True)]
