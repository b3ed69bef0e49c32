"""Legal texts of a campaign, for programs: those that its message does not say yet."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Paged
from campaigns.launch import legal_texts
from campaigns.launch.api.shapes import within_reach

router = Router(tags=["Campaigns"])


class MissingText(Schema):
    """A text that people of a country must hear."""

    country: str
    """By its code of two letters."""
    text: str
    sentence: str
    """What is missing, and the next step."""


@router.get("/campaigns/{int:pk}/legal-texts", response=Paged[MissingText], summary="List missing legal texts")
@needs_right("see_calls")
def campaign_legal_texts(request: KeyRequest, pk: int) -> dict[str, Any]:
    """List the legal texts that the message does not say; all on one page. That an agent says one, a user confirms."""
    return {"items": legal_texts.missing(within_reach(request, pk)), "next": None}
