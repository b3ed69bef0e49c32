"""The project's own app: settings, commands and the frame of every page."""

from django.apps import AppConfig

from callcenter import error_reports


class CallcenterConfig(AppConfig):
    """Registers the project's commands and template tags."""

    name = "callcenter"

    def ready(self) -> None:
        """Begin to report errors, where the settings say so."""
        error_reports.begin()
