"""The launch check's sentence as HTML, whose numbers link to the people that they count."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from callcenter.formats.amounts import money_range, number
from callcenter.formats.calendars import in_digits
from campaigns.launch.launch_check import LaunchCheck
from campaigns.launch.launch_sentence import Piece, pieces_of
from campaigns.models import Campaign
from campaigns.templatetags import console


def sentence_with_links(check: LaunchCheck, campaign: Campaign, *, opens: bool) -> SafeString:
    """Return the sentence as HTML, with the page's digits and dates; with `opens`, its numbers are links."""
    return format_html_join("", "{}", ((_piece(piece, check, campaign, opens),) for piece in pieces_of(check)))


def _piece(piece: Piece, check: LaunchCheck, campaign: Campaign, opens: bool) -> str:
    if piece.at is not None:
        return console.moment(piece.at)
    if piece.amounts is not None:
        return money_range(*piece.amounts, check.currency)
    if piece.count is None:
        return conditional_escape(in_digits(str(piece.text)))
    if not opens:
        return format_html("<strong>{}</strong>", number(piece.count))
    address = reverse("campaign-check-people", args=[campaign.pk, piece.kind])
    if piece.variable:
        address += "?" + urlencode({"variable": piece.variable})
    return format_html('<a href="{}">{}</a>', address, number(piece.count))
