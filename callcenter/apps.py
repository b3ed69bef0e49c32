"""The roof: what holds the rooms together."""

from django.apps import AppConfig


class CallcenterConfig(AppConfig):
    """Carries the roof's commands and template tags."""

    name = "callcenter"
