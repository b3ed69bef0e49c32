"""The console's pages of providers: state, needs and actions."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.roles import may, needs
from callcenter.parameters import go_back, words_of
from providers.forms import KeysForm, keys_form
from providers.models import Agent, CallerId, Dialer, Provider, RemoteRow, Voice, WebhookAddress
from providers.models.stops import MAX_REASON
from providers.needs import TONES, Need, Stock, needs_of
from providers.services.checking import became_open, check_provider, remember_account, try_secrets
from providers.services.health import note_success
from providers.services.keys import store_secrets
from providers.services.recording_hosts import allow_seen_host
from providers.services.status_words import RESULTS, STATES, Waits, map_word, waits_of
from providers.services.stops import halt, resume, skip_comparison, unfreeze
from providers.services.syncing import sync_provider
from providers.services.webhooks import make_address
from providers.services.wishes import heard_wishes
from providers.types import CallStatus
from providers.wording import Ability, abilities, kinds_of, stock_words

SHOWN_EXCHANGES = 50
SHOWN_ROWS = 200
KINDS: dict[str, type[RemoteRow]] = {"agents": Agent, "voices": Voice, "caller_ids": CallerId, "dialers": Dialer}


@dataclass(frozen=True, slots=True)
class Card:
    """The data of one provider's card."""

    provider: Provider
    lines: int
    unknown: int
    stock: Stock
    needs: list[Need]
    waits: Waits

    @property
    def abilities(self) -> list[Ability]:
        """What the provider's vendor can and cannot do."""
        return abilities(self.provider.backend_class)

    @property
    def further(self) -> int:
        """How many needs there are after the first."""
        return max(0, len(self.needs) - 1)

    @property
    def stock_words(self) -> list[str]:
        """How many agents, voices, ... there are, in words, for each kind that this vendor has."""
        return stock_words(self.provider.backend_class, asdict(self.stock))

    @property
    def is_settled_by_list(self) -> bool:
        """Whether unknown calls are resolved automatically, from the vendor's list."""
        return self.provider.backend_class.supports_list_calls

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Sort key: providers with urgent needs first, those that are switched off last."""
        strongest = TONES.index(self.needs[0].tone) if self.needs else len(TONES)
        return not self.provider.is_active, strongest, self.provider.name


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one kind (agents, voices, ...) of a provider."""

    name: str
    title: str
    rows: list[RemoteRow]
    is_listed: bool
    """Whether a sync copies them; otherwise an admin types them in."""

    @property
    def add_url(self) -> str:
        """Address of the form that adds one."""
        return reverse(f"admin:providers_{KINDS[self.name]._meta.model_name}_add")


def _cards(providers: list[Provider]) -> list[Card]:
    keys = [provider.pk for provider in providers]
    # By the reverse relation, because this package must not import calls; live calls are few and have an index.
    calls: Any = Provider._meta.get_field("calls").related_model
    live = calls._default_manager.holding_lines(timezone.now()).filter(provider__in=keys).order_by()
    standing = Counter(
        {
            (pk, status == CallStatus.UNKNOWN): number
            for pk, status, number in live.values_list("provider", "status").annotate(Count("pk"))
        }
    )
    counts = {
        name: Counter(
            dict(
                model._default_manager.filter(provider__in=keys, is_present=True)
                .values_list("provider")
                .annotate(Count("pk"))
            )
        )
        for name, model in KINDS.items()
    }
    addresses = {address.provider_id: address for address in WebhookAddress.objects.filter(provider__in=keys)}
    waiting = waits_of(providers)
    found = []
    for provider in providers:
        stock = Stock(**{name: count[provider.pk] for name, count in counts.items()})
        waits = waiting[provider.pk]
        needed = needs_of(provider, stock, addresses.get(provider.pk), is_public=bool(settings.PUBLIC_URL), waits=waits)
        unknown = standing[provider.pk, True]
        found.append(Card(provider, unknown + standing[provider.pk, False], unknown, stock, needed, waits))
    return found


@needs("see_providers")
def providers(request: HttpRequest) -> HttpResponse:
    """Show every provider as a card."""
    found = sorted(_cards(list(Provider.objects.seen_by(_person(request)))), key=lambda card: card.rank)
    waiting = sum(bool(card.needs) and card.needs[0].tone != "info" for card in found)
    context = {"cards": found, "waiting": waiting, "may_manage": may(_person(request), "manage_providers")}
    return render(request, "providers/list.html", context)


@needs("see_providers")
def provider(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one provider: health, abilities, limits; to admins also its masked keys and last exchanges."""
    seen = Provider.objects.seen_by(_person(request))
    found = get_object_or_404(seen.select_related("secrets_set_by", "team"), pk=pk)
    form = keys_form(found.vendor)(instance=found) if may(_person(request), "manage_providers") else None
    return _provider_page(request, found, form)


def _provider_page(
    request: HttpRequest, found: Provider, form: KeysForm | None, status: int = 200, new_address: str = ""
) -> HttpResponse:
    may_manage = form is not None
    context: dict[str, Any] = {
        "provider": found,
        "card": _cards([found])[0],
        "may_manage": may_manage,
        "keys_form": form,
        "groups": _groups(found),
        "webhook": WebhookAddress.objects.filter(provider=found).first() if may_manage else None,
        "takes_webhooks": may_manage and found.backend_class.supports_webhook,
        "new_address": new_address,
        "word_results": RESULTS,
        "word_states": STATES,
        "is_public": bool(settings.PUBLIC_URL),
        "wishes": heard_wishes(found) if found.backend_class.hears_refusal else None,
        "exchanges": found.exchanges.all()[:SHOWN_EXCHANGES] if may_manage else [],
    }
    return render(request, "providers/detail.html", context, status=status)


def _groups(provider: Provider) -> list[Group]:
    """Return the provider's rows by kind, for the kinds that this vendor has."""
    backend = provider.backend_class
    groups = []
    for name, model in KINDS.items():
        is_listed = bool(getattr(backend, f"supports_list_{name}", False))
        if name in kinds_of(backend):
            rows = model._default_manager.filter(provider=provider).order_by("-is_present", "name", "pk")[:SHOWN_ROWS]
            title = capfirst(str(model._meta.verbose_name_plural))
            groups.append(Group(name, title, list(rows), is_listed))
    return groups


@require_POST
@needs("manage_providers")
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Test the key with a harmless read."""
    found = get_object_or_404(Provider, pk=pk)
    verdict = check_provider(pk, _person(request))
    tell = messages.success if verdict.is_ok else messages.error
    tell(request, f"{found.name}: {verdict}")
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Run a sync of agents, voices and caller IDs."""
    found = get_object_or_404(Provider, pk=pk)
    result = sync_provider(pk, _person(request))
    tell = messages.error if result.problem else messages.success
    tell(request, f"{found.name}: {result}")
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def halt_calls(request: HttpRequest, pk: int) -> HttpResponse:
    """Halt the provider until a person resumes it."""
    found = get_object_or_404(Provider, pk=pk)
    person = _person(request)
    reason = words_of(request.POST, "reason", MAX_REASON) or _("Paused by %(who)s.") % {"who": person}
    if halt(pk, reason, person):
        lines = _cards([found])[0].lines
        messages.warning(
            request,
            ngettext(
                "%(name)s is paused: no new calls are placed through it. %(lines)d call in progress will finish.",
                "%(name)s is paused: no new calls are placed through it. %(lines)d calls in progress will finish.",
                lines,
            )
            % {"name": found.name, "lines": lines},
        )
    else:
        messages.info(request, _("%(name)s was already paused.") % {"name": found.name})
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def resume_calls(request: HttpRequest, pk: int) -> HttpResponse:
    """Test the key and end a halt."""
    found = get_object_or_404(Provider, pk=pk)
    verdict = resume(pk, _person(request))
    found.refresh_from_db()
    if found.halted_at:
        messages.error(request, _("%(name)s stays paused. %(why)s") % {"name": found.name, "why": verdict})
    elif verdict.is_ok:
        messages.success(request, _("%(name)s resumed. %(why)s") % {"name": found.name, "why": verdict})
    else:
        messages.warning(
            request, _("%(name)s resumed, but its test failed. %(why)s") % {"name": found.name, "why": verdict}
        )
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def end_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """End a freeze after a restored backup, on an admin's statement, with a reason, that nobody is dialled twice."""
    found = get_object_or_404(Provider, pk=pk)
    reason = words_of(request.POST, "reason", MAX_REASON)
    if not reason:
        messages.error(request, _("Enter a reason; it is recorded. Nothing was changed."))
    elif unfreeze(pk, _person(request), reason):
        messages.success(request, _("%(name)s is no longer on hold. Calling continues.") % {"name": found.name})
    else:
        messages.info(request, _("%(name)s was no longer on hold.") % {"name": found.name})
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def end_wait(request: HttpRequest, pk: int) -> HttpResponse:
    """End the wait for the comparison of a start, on an admin's statement, with a reason, that none was restored."""
    found = get_object_or_404(Provider, pk=pk)
    reason = words_of(request.POST, "reason", MAX_REASON)
    if not reason:
        messages.error(request, _("Enter a reason; it is recorded. Nothing was changed."))
    elif skip_comparison(pk, _person(request), reason):
        messages.success(request, _("%(name)s is no longer waiting. Calling continues.") % {"name": found.name})
    else:
        messages.info(request, _("%(name)s was no longer waiting.") % {"name": found.name})
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def allow_recording_host(request: HttpRequest, pk: int) -> HttpResponse:
    """Allow the host of recordings that was found, if it is still the one on the page."""
    found = get_object_or_404(Provider, pk=pk)
    host = request.POST.get("value", "")
    if allow_seen_host(pk, host, _person(request)):
        messages.success(request, _("Recordings at %(host)s can be played now.") % {"host": host})
    else:
        messages.error(
            request, _("%(name)s: another host was found in the meantime. Check again.") % {"name": found.name}
        )
    return _back(request, pk)


@require_POST
@needs("manage_providers")
def map_status_word(request: HttpRequest, pk: int) -> HttpResponse:
    """Map a status word of the vendor to one of our results."""
    get_object_or_404(Provider, pk=pk)
    word, result = request.POST.get("word", "").strip(), request.POST.get("result", "")
    read_again = map_word(pk, word, result, _person(request))
    if read_again is None:
        messages.error(request, _("Nothing was changed: choose a result, or check again which statuses are left."))
        return _back(request, pk)
    meaning = dict((*RESULTS, *STATES))[result]
    text = ngettext(
        "“%(word)s” now means “%(result)s”. %(n)d waiting call is checked again now.",
        "“%(word)s” now means “%(result)s”. %(n)d waiting calls are checked again now.",
        read_again,
    )
    messages.success(request, text % {"word": word, "result": meaning, "n": read_again})
    return _back(request, pk)


@sensitive_post_parameters()
@require_POST
@needs("manage_providers")
@needs_fresh_sign_in
def replace_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Test new keys and store them if the vendor accepts them."""
    found = get_object_or_404(Provider.objects.select_related("secrets_set_by", "team"), pk=pk)
    trial = keys_form(found.vendor)(request.POST, instance=found)
    if not trial.is_valid():
        return _provider_page(request, found, trial, status=422)
    new = trial.new_secrets()
    if not new and not trial.removed_secrets():
        messages.info(request, _("No key was entered; the saved one stays."))
        return _back(request, pk)
    verdict = try_secrets(found, new) if new else None
    form = keys_form(found.vendor, verdict)(request.POST, instance=found)
    if not form.is_valid():
        return _provider_page(request, found, form, status=422)
    comparison = verdict.comparison if verdict else None
    if not store_secrets(pk, new, form.removed_secrets(), _person(request), comparison=comparison):
        messages.error(request, became_open(found.vendor_label))
        return _back(request, pk)
    if verdict is None:
        messages.success(request, _("The key is deleted."))
    elif verdict.is_ok:
        note_success(pk)
        if verdict.account:
            remember_account(pk, verdict.account)
        messages.success(request, _("The new key is saved. %(why)s") % {"why": verdict})
        if found.halted_at:
            messages.warning(request, _("It is still paused: press Resume to continue calling."))
    else:
        messages.warning(request, _("The key is saved although its test failed: %(why)s") % {"why": verdict})
    return _back(request, pk)


@require_POST
@needs("manage_providers")
@needs_fresh_sign_in
def make_webhook_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Create a new webhook address and show it; it cannot be shown again."""
    found = get_object_or_404(Provider.objects.select_related("secrets_set_by", "team"), pk=pk)
    if not found.backend_class.supports_webhook:
        messages.error(request, _("%(vendor)s sends no updates.") % {"vendor": found.vendor_label})
        return redirect("provider", pk=pk)
    address = make_address(pk, _person(request), request.build_absolute_uri("/"))
    return _provider_page(request, found, keys_form(found.vendor)(instance=found), new_address=address)


def _person(request: HttpRequest) -> AbstractUser:
    return cast(AbstractUser, request.user)


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    return go_back(request, "provider", pk)


urlpatterns = [
    path("providers/", providers, name="providers"),
    path("providers/<int:pk>/", provider, name="provider"),
    path("providers/<int:pk>/test/", test, name="provider-test"),
    path("providers/<int:pk>/sync/", sync, name="provider-sync"),
    path("providers/<int:pk>/halt/", halt_calls, name="provider-halt"),
    path("providers/<int:pk>/resume/", resume_calls, name="provider-resume"),
    path("providers/<int:pk>/unfreeze/", end_freeze, name="provider-unfreeze"),
    path("providers/<int:pk>/skip-comparison/", end_wait, name="provider-skip-comparison"),
    path("providers/<int:pk>/webhook/", make_webhook_address, name="provider-webhook"),
    path("providers/<int:pk>/recording-host/", allow_recording_host, name="provider-recording-host"),
    path("providers/<int:pk>/word/", map_status_word, name="provider-word"),
    path("providers/<int:pk>/key/", replace_key, name="provider-key"),
]
