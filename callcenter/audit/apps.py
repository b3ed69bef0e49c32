"""The audit app: a record of what people did."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the audit app, and makes commands known to it."""

    name = "callcenter.audit"
    label = "audit"

    def ready(self) -> None:
        """Record runs of commands."""
        from callcenter import commands
        from callcenter.audit.at_the_server import around_command

        commands.run_within(around_command)
