"""The project's own app: settings, commands and the frame of every page."""

from django.apps import AppConfig


class CallcenterConfig(AppConfig):
    """Registers the project's commands and template tags."""

    name = "callcenter"
