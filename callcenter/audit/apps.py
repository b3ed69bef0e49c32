"""The audit app: a record of what people did."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """Registers the audit app, makes commands known to it, and keeps the triggers of its tables."""

    name = "callcenter.audit"
    label = "audit"

    def ready(self) -> None:
        """Record runs of commands; create the triggers after each migration."""
        from callcenter import commands
        from callcenter.audit.at_the_server import around_command

        commands.run_within(around_command)
        post_migrate.connect(_install_triggers, sender=self, dispatch_uid="callcenter.audit.triggers")


def _install_triggers(using: str, **_: Any) -> None:
    """Create what is missing: SQLite drops a table's triggers whenever a migration rebuilds the table."""
    from callcenter.audit import triggers

    connection = connections[using]
    if set(connection.introspection.table_names()) >= triggers.TABLES:
        triggers.install(connection)
