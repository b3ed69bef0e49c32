"""The reference of the API as rows for a page, read out of its OpenAPI schema."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callcenter.api_site.api import api

METHODS = ("get", "post", "patch", "delete")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a body or an answer, or one parameter."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    scopes: list[str]
    parameters: list[FieldRow]
    body: list[FieldRow]
    answer: list[FieldRow]
    statuses: list[str]


@functools.cache
def schema() -> dict[str, Any]:
    """Return the OpenAPI schema as plain JSON; it is the same for everybody."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return found


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """One event that is sent to webhooks."""

    name: str
    description: str
    data: list[FieldRow]
    example: str


@functools.cache
def webhook_rows() -> list[WebhookRow]:
    """Return the events that are sent to webhooks."""
    found = []
    for name, one in schema()["webhooks"].items():
        content = one["post"]["requestBody"]["content"]["application/json"]
        data = list(_fields(content["schema"]["properties"]["data"]))
        example = json.dumps(content["example"], indent=2, ensure_ascii=False)
        found.append(WebhookRow(name, one["post"]["description"], data, example))
    return found


@functools.cache
def parts() -> list[tuple[str, list[OperationRow]]]:
    """Return the operations by their part, in the order of the schema."""
    found: dict[str, list[OperationRow]] = {}
    for path, operations in schema()["paths"].items():
        for method in METHODS:
            if method in operations:
                found.setdefault(operations[method]["tags"][0], []).append(_row(path, method, operations[method]))
    return list(found.items())


def _row(path: str, method: str, said: Mapping[str, Any]) -> OperationRow:
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    good = {status: one for status, one in said["responses"].items() if status.startswith("2")}
    answers: Mapping[str, Any] = next((one.get("content", {}) for one in good.values()), {})
    return OperationRow(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        description=said.get("description", ""),
        scopes=said["x-scopes"],
        parameters=[
            FieldRow(
                f"{one['name']} ({one['in']})", kind_of(one["schema"]), one["required"], one.get("description", "")
            )
            for one in said["parameters"]
        ],
        body=list(_fields(content.get("schema", {}))),
        answer=list(_fields(answers.get("application/json", {}).get("schema", {}))),
        statuses=sorted(good),
    )


def _whole(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in shape:
        shape = schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    return shape


def _fields(shape: Mapping[str, Any]) -> Iterator[FieldRow]:
    shape = _whole(shape)
    required = set(shape.get("required", ()))
    for name, one in shape.get("properties", {}).items():
        yield FieldRow(name, kind_of(one), name in required, one.get("description", ""))


def kind_of(shape: Mapping[str, Any]) -> str:
    """Return what a value is, in few words, such as `array of string` or `integer or null`."""
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(kind_of(one) for one in shape["anyOf"]))
    if "$ref" in shape:
        whole = _whole(shape)
        return "{" + ", ".join(whole.get("properties", {})) + "}"
    if "enum" in shape:
        return " | ".join(str(one) or '""' for one in shape["enum"])
    if shape.get("type") == "array":
        return f"array of {kind_of(shape.get('items', {}))}"
    if shape.get("type") == "object" and "additionalProperties" in shape:
        return "object of texts"
    return str(shape.get("format") or shape.get("const") or shape.get("type") or "any")
