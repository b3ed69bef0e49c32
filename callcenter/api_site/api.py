"""The API `/api/v1/`: the rooms' operations put together, and its OpenAPI schema."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.openapi.schema import OpenAPISchema

from callcenter.access import two_people
from callcenter.api import problems, scopes
from callcenter.api.door import Api, KeyDoor, PlainJson
from callcenter.webhooks_out import api as webhooks_out
from callcenter.webhooks_out import schema as webhooks
from campaigns.answers import api as answers
from campaigns.callbacks import api as callbacks
from campaigns.calls import api as calls
from campaigns.calls.api import hand_overs, remarks
from campaigns.contacts.api import do_not_call, lists, people, sources
from campaigns.core.refusals import Refusal
from campaigns.dispositions import api as dispositions
from campaigns.exports import api as exports
from campaigns.launch.api import approvals, campaigns, legal_texts, living
from campaigns.notices import api as notices
from campaigns.reports import api as reports
from campaigns.review import api as review
from campaigns.tracking import api as tracking
from providers import api as providers

DESCRIPTION = """\
Everything here is done in the name of a key's owner, by the same rules, rights, teams and audit log as on the pages.

Send `Authorization: Bearer cc_...`. Bodies are JSON. Times are ISO 8601. Lists are paged by key: `next` of a page is
`older_than` of the next one. What you are told in sentences is in the language of `Accept-Language`.
"""
OF_ALL = (400, 401, 403, 404, 405, 409, 411, 412, 413, 422, 428, 429, 500)
PROBLEM = {
    "type": "object",
    "description": "What went wrong, by RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is, and the next step, in the asked language."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


class SchemaInWhole(OpenAPISchema):
    """The schema with what every operation has: its problems, the scope of the key that it needs; and the webhooks."""

    def __init__(self, api: Api, path_prefix: str) -> None:
        super().__init__(api, path_prefix)
        self["webhooks"] = webhooks.webhooks()

    def operation_details(self, operation: Any) -> dict[str, Any]:
        """Return one operation."""
        found = super().operation_details(operation)
        for status in OF_ALL:
            found["responses"].setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
        rights = getattr(operation.view_func, "needs_rights", ())
        named = getattr(operation.view_func, "needs_scopes", ())
        found["x-scopes"] = sorted({*named, *(code for right in rights for code in scopes.scopes_with(right))})
        return dict(found)

    def get_components(self) -> dict[str, Any]:
        """Return the components, with the problems."""
        found = super().get_components()
        schemas = found.setdefault("schemas", {})
        for name, shape in webhooks.components().items():
            schemas.setdefault(name, shape)
        schemas["Problem"] = PROBLEM
        content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        with_wait = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
        found["responses"] = {
            f"Problem{status}": {
                "description": _english(status),
                "content": content,
                **({"headers": with_wait} if status == 429 else {}),
            }
            for status in OF_ALL
        }
        return dict(found)


def _english(status: int) -> str:
    from django.utils import translation

    with translation.override("en"):
        return str(problems.SENTENCES[status])


class WholeApi(Api):
    """The API with its own schema."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the schema."""
        return SchemaInWhole(self, self.get_root_path(path_params or {}) if path_prefix is None else path_prefix)


api = WholeApi(
    title="Callcenter",
    version=settings.VERSION,
    description=DESCRIPTION,
    docs_url=None,
    auth=KeyDoor(),
    parser=PlainJson(),
    urls_namespace="api",
)
for part in (
    calls, remarks, callbacks, dispositions, review, tracking, hand_overs, people, lists, sources, do_not_call,
    campaigns, approvals, living, legal_texts, answers, reports, exports, notices, providers, webhooks_out,
):  # fmt: skip
    api.add_router("", part.router)


@api.exception_handler(Refusal)
def _refused(_request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problems.answer(409, str(refusal))


@api.exception_handler(two_people.CannotBeDone)
def _cannot(_request: HttpRequest, refusal: two_people.CannotBeDone) -> HttpResponse:
    return problems.answer(409, str(refusal))
