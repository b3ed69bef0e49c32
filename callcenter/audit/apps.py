"""The audit room: who did what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Keeps the record of what people did."""

    name = "callcenter.audit"
    label = "audit"
