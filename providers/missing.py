"""The backend of a vendor whose module is not there: it has no abilities, and refuses to be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from providers.base import ProviderBackend
from providers.exceptions import VendorMissing
from providers.types import AccountState, CallHandle, CallOrder, CallSnapshot, PlacedCall


class MissingBackend(ProviderBackend):
    """Stands for the backend of a vendor that cannot be loaded; pages show its slug, nothing is sent."""

    docs_url = ""
    default_base_url = ""
    status_map = {}
    fields = ()
    accepts_variables = False
    carries_reference = False

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Raise VendorMissing: nothing can be opened without headers."""
        cls._refuse()

    def check_credentials(self) -> AccountState:
        """Raise VendorMissing."""
        self._refuse()

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Raise VendorMissing."""
        self._refuse()

    def build_order(self, order: CallOrder) -> Any:
        """Raise VendorMissing."""
        self._refuse()

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Raise VendorMissing."""
        self._refuse()

    @classmethod
    def _refuse(cls) -> NoReturn:
        raise VendorMissing(f"The module of the vendor {cls.slug} is not installed or cannot be loaded.")


def missing_backend(slug: str) -> type[ProviderBackend]:
    """Return the class that stands for a vendor's backend; its label is the slug."""
    return type("MissingBackend", (MissingBackend,), {"slug": slug, "label": slug, "__module__": __name__})
