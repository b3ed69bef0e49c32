"""A campaign's message as single people would hear it, for the builder and the launch check."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.core import message as message_module
from campaigns.models import Campaign, Contact

SAMPLE_PEOPLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePreview:
    """The message as one person would hear it."""

    contact: Contact
    text: str
    variables: list[tuple[str, str]]
    missing: list[str]
    """Variables of the message that are empty, so that this person is not called."""
    unmet: list[str]
    """Variables that the agent's prompt uses and that are empty."""


def heard(message: Campaign, contact: Contact) -> MessagePreview:
    """Return a message as one person would hear it."""
    rendered = message_module.render_variables(message, contact)
    wanted = dict.fromkeys([*message.variables, *message_module.expected_names(message)])
    return MessagePreview(
        contact=contact,
        text=message_module.render_text(message, contact),
        variables=[(name, rendered.get(name, "")) for name in wanted],
        missing=message_module.missing_variables(message, contact),
        unmet=message_module.missing_from(message_module.expected_names(message), contact.name, contact.variables),
    )
