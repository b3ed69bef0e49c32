"""Words for what a campaign does after a call that did not reach the person: one sentence for its whole policy."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from campaigns.outcomes import Outcome, Policy, Step

Words = str | Promise

OUTCOME_WORDS: Mapping[Outcome, Words] = {
    Outcome.BUSY: gettext_lazy("Busy"),
    Outcome.NO_ANSWER: gettext_lazy("No answer"),
    Outcome.VOICEMAIL: gettext_lazy("Voicemail"),
    Outcome.FAILED: gettext_lazy("Call failed"),
    Outcome.NO_SPEECH: gettext_lazy("Answered, nobody talked"),
}


def sentence_of(policy: Policy) -> str:
    """Return what follows on each outcome and how often one person is tried at most; reads the names of persons."""
    names = _names_in(policy)
    said = pgettext("between the parts of a sentence", "; ").join(
        _("%(outcome)s: %(then)s") % {"outcome": words, "then": _then(policy, outcome, names)}
        for outcome, words in OUTCOME_WORDS.items()
    )
    return f"{said}. {_at_most(policy)}"


def _then(policy: Policy, outcome: Outcome, names: Mapping[int, str]) -> str:
    if outcome not in policy.steps and outcome == Outcome.VOICEMAIL:
        return _("busy or no answer if the provider confirms it, otherwise no retry")
    step = policy.step_after(outcome)
    if step.person_id is not None:
        return _("given to %(name)s, due within %(time)s") % {
            "name": names.get(step.person_id) or _("the owner of the campaign"),
            "time": length_of(step.minutes_to_act),
        }
    return _again(step, policy.attempts)


def _again(step: Step, attempts: int) -> str:
    times = step.minutes[: attempts - 1]
    if not times:
        return _("no retry")
    return _("again after %(times)s") % {"times": _(", then ").join(length_of(minutes) for minutes in times)}


def _at_most(policy: Policy) -> str:
    most = ngettext("At most %(n)d attempt per contact", "At most %(n)d attempts per contact", policy.attempts)
    most %= {"n": policy.attempts}
    if not policy.attempts_a_day or policy.attempts_a_day >= policy.attempts:
        return f"{most}."
    return _("%(most)s, %(n)d of them on one day (contact's local time).") % {
        "most": most,
        "n": policy.attempts_a_day,
    }


def _names_in(policy: Policy) -> dict[int, str]:
    if not policy.people:
        return {}
    users = get_user_model().objects.filter(pk__in=policy.people, is_active=True)
    return {user.pk: user.get_full_name() or user.get_username() for user in users}


def length_of(minutes: int) -> str:
    """Return a length of time such as `10 min`, `3 h` or `1 day`."""
    if minutes % 1440 == 0:
        return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    if minutes % 60 == 0:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(n)d min") % {"n": minutes}
