"""The report's sections about money: costs, and a check of the vendors' bills."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.calls import call_log_filters
from campaigns.reports.figures import Difference, seconds_for
from campaigns.reports.plots import Bar, lying_bars, standing_bars
from campaigns.reports.tables import DRAWN, Drawing, ReportColumn, ReportSection, Value


class MoneySections(Drawing):
    """Sections on cost by day, campaign and provider, and on our estimate compared with the vendor's costs."""

    def cost_by_day(self) -> ReportSection:
        """Return the section of costs by day."""
        rows, plots = [], []
        for currency in self.figures.total.currencies:
            bars = []
            for day in self.figures.scope.days():
                sums = self.figures.days.get(day)
                cost = sums.cost(currency) if sums else 0
                url = self.link(since=day.isoformat(), until=day.isoformat(), which=call_log_filters.SENT)
                bars.append(Bar(self.short_day(day), cost, self.said(cost, "money", currency), url))
                if sums and cost:
                    rows.append(
                        [
                            Value(day),
                            Value(sums.sent, url),
                            Value(cost, currency=currency),
                            Value(sums.estimated.get(currency, 0), currency=currency),
                            Value(sums.per_conversation(currency), currency=currency),
                        ]
                    )
            most = max(bars, key=lambda bar: bar.value)
            highest = _("Most expensive day: %(day)s, %(cost)s") % {"day": most.name, "cost": most.said}
            plots.append(standing_bars(bars, highest))
        return ReportSection(
            "cost-days",
            _("Cost by day"),
            self._cost_text(),
            [ReportColumn(_("Day"), "day"), ReportColumn(_("Sent"), "number"), *self._cost_columns()],
            rows,
            plots,
            self._no_cost(),
            is_folded=True,
        )

    def cost_by(self, whose: str) -> ReportSection:
        """Return the section of costs, and costs of a conversation, by campaign or provider (`whose`)."""
        rows, plots = [], []
        parts = list(self.parts_of(whose))
        for currency in self.figures.total.currencies:
            bars = []
            for name, narrowed, sums in parts:
                if not (cost := sums.cost(currency)):
                    continue
                url = self.link(**narrowed, which=call_log_filters.SENT)
                bars.append(Bar(name, cost, self.said(cost, "money", currency), url))
                rows.append(
                    [
                        Value(name),
                        Value(sums.sent, url),
                        Value(cost, currency=currency),
                        Value(sums.estimated.get(currency, 0), currency=currency),
                        Value(sums.per_conversation(currency), currency=currency),
                    ]
                )
            plots.append(lying_bars(sorted(bars, key=lambda bar: -bar.value)[:DRAWN]))
        return ReportSection(
            f"cost-{whose}",
            _("Cost by provider") if whose == "providers" else _("Cost by campaign"),
            self._cost_text(),
            [self.first_column(whose), ReportColumn(_("Sent"), "number"), *self._cost_columns()],
            rows,
            plots,
            self._no_cost(),
        )

    def _cost_columns(self) -> list[ReportColumn]:
        return [
            ReportColumn(_("Cost"), "money"),
            ReportColumn(_("of it at our price"), "money"),
            ReportColumn(_("Per conversation"), "money"),
        ]

    def _cost_text(self) -> str:
        return _("Cost as reported by the provider; otherwise talk time at today's price of the provider.")

    def _no_cost(self) -> str:
        return _(
            "No costs were reported, and no provider has a price per minute. An admin can set one on the "
            "provider's page."
        )

    def bill(self) -> ReportSection:
        """Return the section that compares our estimate with the vendor's costs, by provider."""
        rows, bars = [], []
        for bill in self.figures.bills:
            priced = self.link(provider=bill.provider.pk, which=call_log_filters.PRICED)
            unpriced = self.link(provider=bill.provider.pk, which=call_log_filters.UNPRICED)
            ours = bill.reckoned if bill.can_compare else None
            rows.append(
                [
                    Value(str(bill.provider)),
                    Value(bill.calls, priced),
                    Value(bill.seconds),
                    Value(bill.billed_seconds),
                    Value(bill.provider.price_per_minute if bill.can_compare else None, currency=bill.currency),
                    Value(bill.vendor_price, currency=bill.currency),
                    Value(ours, currency=bill.currency),
                    Value(bill.told, currency=bill.currency),
                    Value(bill.difference, currency=bill.currency),
                    Value(bill.untold, unpriced if bill.untold else ""),
                ]
            )
            for name, amount, tone in (
                (_("%(provider)s, reported by provider"), bill.told, "plot-accent"),
                (_("%(provider)s, our estimate"), ours, "plot-soft"),
            ):
                if amount is not None and len(self.figures.total.currencies) == 1:
                    label = name % {"provider": bill.provider}
                    bars.append(Bar(label, amount, self.said(amount, "money", bill.currency), priced, tone))
        return ReportSection(
            "bill",
            _("Bill check"),
            _(
                "For calls with a reported cost: our seconds at today's price, compared with the reported "
                "cost. If the bill covers more seconds than ours, the provider rounds up or has another price."
            ),
            [
                ReportColumn(_("Provider")),
                ReportColumn(_("Calls with a cost"), "number"),
                ReportColumn(_("Our seconds"), "seconds"),
                ReportColumn(_("Billed seconds"), "seconds"),
                ReportColumn(_("Our price per minute"), "money"),
                ReportColumn(_("Provider's price per minute"), "money"),
                ReportColumn(_("Our estimate"), "money"),
                ReportColumn(_("Reported by provider"), "money"),
                ReportColumn(_("Difference"), "money"),
                ReportColumn(_("Answered, no cost reported"), "number"),
            ],
            rows,
            [lying_bars(bars)] if bars else [],
            _("No call in these days has a cost or talk time yet."),
        )

    def differences(self, differences: Sequence[Difference]) -> ReportSection:
        """Return the section of calls whose reported cost differs from our estimate."""
        rows = [
            [
                Value(found.call, reverse("call", args=[found.call])),
                Value(str(found.provider)),
                Value(found.sent_at),
                Value(found.seconds),
                Value(seconds_for(found.told, found.provider)),
                Value(found.reckoned, currency=found.currency),
                Value(found.told, currency=found.currency),
                Value(found.told - found.reckoned, currency=found.currency),
            ]
            for found in differences
        ]
        return ReportSection(
            "differences",
            _("Calls whose cost differs"),
            _(
                "Different from our estimate by more than 5%, largest first, up to 1,000 calls. Ask the "
                "provider about them."
            ),
            [
                ReportColumn(_("Call"), "id"),
                ReportColumn(_("Provider")),
                ReportColumn(_("Sent"), "moment"),
                ReportColumn(_("Our seconds"), "seconds"),
                ReportColumn(_("Billed seconds"), "seconds"),
                ReportColumn(_("Our estimate"), "money"),
                ReportColumn(_("Reported by provider"), "money"),
                ReportColumn(_("Difference"), "money"),
            ],
            rows,
            [],
            _("No cost differs by more than 5 %."),
        )
