"""The audit app: a record of what people did."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Registers the audit app."""

    name = "callcenter.audit"
    label = "audit"
