"""The api app: keys of programs, and what they asked for once."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Its models; the addresses are those of `callcenter.api_site`."""

    name = "callcenter.api"
    label = "api"
