"""The cases of consent: where it is required, nobody is called of whom none is noted."""

from __future__ import annotations

from campaigns.models import InstallationSettings
from tests.campaigns.core.eligibility_table.world import FORBIDDEN, HOUR, NOW, Case, World, against, call, wish

NO_CONSENT = against(
    "no_consent",
    "This contact has no consent, and consent is required.",
    "Enter on the contact's page how and when consent was given, then call again.",
    "Enter on the contact's page how and when consent was given, then call.",
)
OF_A_CAMPAIGN = {"form": "a single call belongs to no campaign, whose own switch this is"}


def required_everywhere(_world: World) -> None:
    """An admin requires consent for every call."""
    InstallationSettings.objects.create(consent_required=True)


def required_nowhere(_world: World) -> None:
    """An admin does not require it, whatever the environment says."""
    InstallationSettings.objects.create(consent_required=False)


CONSENTS = [
    *(
        Case(name=f"consent required everywhere, and {name}", contact=contact, arrange=(required_everywhere,), **answer)
        for name, contact, answer in (
            ("none is noted", {}, NO_CONSENT),
            ("a source is noted", {"consent_source": "Web form"}, {}),
            ("a day is noted", {"consent_at": NOW - HOUR}, {}),
        )
    ),
    Case(name="consent is not required", arrange=(required_nowhere,)),
    Case(name="the campaign requires consent, and none is noted", campaign={"requires_consent": True},
         not_asked=OF_A_CAMPAIGN, **NO_CONSENT),
    Case(name="the campaign requires consent, and it is noted", campaign={"requires_consent": True},
         contact={"consent_source": "Paper"}),
    Case(name="no consent, and on the do-not-call list", arrange=(required_everywhere, wish()), **FORBIDDEN),
    Case(name="no consent, and another call is live", arrange=(required_everywhere, call(status="ringing")),
         **NO_CONSENT),
]  # fmt: skip
