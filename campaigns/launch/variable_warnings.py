"""What a campaign's provider cannot take of its variables: names that it has no way to write, or that become one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from campaigns.core.variants import versions_of
from campaigns.models import Campaign
from providers.variable_names import clashing, unsent


def variable_warnings(campaign: Campaign) -> list[str]:
    """Return a sentence for each problem of the names of the campaign's own variables, in any variant."""
    return list(dict.fromkeys(one for said in versions_of(campaign) for one in _warnings(said)))


def _warnings(campaign: Campaign) -> list[str]:
    backend = campaign.provider.backend_class
    if not backend.accepts_variables:
        return []
    names, spelled = list(campaign.variables), campaign.agent.variables if campaign.agent else []
    found = [
        _("%(vendor)s cannot be sent the variable “%(name)s”: rename it, with letters or digits.")
        % {"vendor": backend.label, "name": name}
        for name in unsent(names, backend.variable_names, spelled)
    ]
    found += [
        _("For %(vendor)s, %(names)s are one variable, and only the first is sent: rename the others.")
        % {"vendor": backend.label, "names": _(", ").join(f"“{name}”" for name in group)}
        for group in clashing(names, backend.variable_names)
    ]
    return found
