"""The sign-in app."""

from django.apps import AppConfig


class SignInConfig(AppConfig):
    """Listens to what happens at the doors."""

    name = "callcenter.sign_in"
    label = "sign_in"

    def ready(self) -> None:
        """Connect the receivers."""
        from callcenter.sign_in import receivers

        receivers.connect()
