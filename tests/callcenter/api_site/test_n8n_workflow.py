"""The n8n workflow of docs/api: its requests, in its order, against the API; n8n itself is not needed for that."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from campaigns.models import Call
from tests.conftest import make_agent
from tests.programs import ROOT as API
from tests.programs import Program

WORKFLOW = Path(__file__).resolve().parents[3] / "docs" / "api" / "n8n-call-a-person.json"
VALUE = re.compile(r"\{\{ (JSON\.stringify\()?\$(?:json|\('([^']+)'\)\.first\(\)\.json)\.(\w+)\)? \}\}")


class Run:
    """One run of the workflow: what each node gave, from which the expressions of the next ones are made."""

    def __init__(self, program: Program, given: dict[str, Any]) -> None:
        found = json.loads(WORKFLOW.read_text())
        self.program, self.nodes, self.ways = (
            program,
            {one["name"]: one for one in found["nodes"]},
            found["connections"],
        )
        self.gave: dict[str, Any] = {}
        self.given, self.last, self.requests = given, "", list[str]()

    def filled(self, text: str) -> str:
        """Return a parameter with its expressions filled in; one of another form stays, and the request fails."""

        def value(found: re.Match[str]) -> str:
            said = self.gave[found[2] or self.last][found[3]]
            return json.dumps(said) if found[1] else str(said)

        return VALUE.sub(value, text.removeprefix("="))

    def ask(self, parameters: dict[str, Any]) -> Any:
        """Send the request of a node as n8n does."""
        assert parameters["authentication"] == "genericCredentialType"
        path = self.filled(parameters["url"]).removeprefix(self.gave["Settings"]["address"] + API)
        rows = parameters.get("headerParameters", {}).get("parameters", ())
        headers = {one["name"].replace("-", "_"): self.filled(one["value"]) for one in rows}
        body = json.loads(self.filled(parameters["jsonBody"])) if parameters.get("sendBody") else None
        answer = self.program.ask(parameters["method"], path, body, **headers)
        assert answer.status_code in {200, 201}, (path, answer.content)
        self.requests.append(f"{parameters['method']} {path}")
        return answer.json()

    def follow(self, name: str, turns: int) -> None:
        """Run the nodes from this one on, at most so many."""
        for _ in range(turns):
            node = self.nodes[name]
            kind, parameters = node["type"].removeprefix("n8n-nodes-base."), node["parameters"]
            self.gave[name] = self.gave.get(self.last, {})
            if kind == "set":
                rows = parameters["assignments"]["assignments"]
                self.gave[name] = {one["name"]: one["value"] for one in rows} | self.given
            elif kind == "httpRequest":
                self.gave[name] = self.ask(parameters)
            ways, place = self.ways.get(name, {"main": []})["main"], 0
            if kind == "if":
                (condition,) = parameters["conditions"]["conditions"]
                place = 0 if self.filled(condition["leftValue"]) == "True" else 1
            self.last = name
            if not ways:
                return
            name = ways[place][0]["node"]


def test_every_way_leads_to_a_node() -> None:
    run = Run(Program(), {})
    led = {one["node"] for ways in run.ways.values() for way in ways["main"] for one in way}
    assert led | {"Start"} == set(run.nodes)
    assert not re.search(r"cc_\w{4}", WORKFLOW.read_text()), "no key stands in the file"


@pytest.mark.django_db
def test_its_requests_save_check_place_once_and_read(manager: User, settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    agent = make_agent(variables=["name", "order"])
    given = {"provider": agent.provider_id, "agent": agent.pk, "name": 'Maryam "M."'}
    program = Program(manager)
    run = Run(program, given)
    run.follow("Start", 9)
    call = Call.objects.get()
    assert run.requests[-1] == f"GET /calls/{call.pk}"
    assert call.contact is not None
    assert (call.contact.name, call.variables["order"]) == ('Maryam "M."', "4711")
    # The same order once more: whatever was between, its placing gives the same call.
    again = Run(program, given)
    again.ways["Save the person"]["main"][0][0]["node"] = "Place the call"
    again.follow("Start", 9)
    assert Call.objects.get() == call
    Call.objects.update(status="no_answer")
    run.follow("Read the call", 3)
    assert run.last == "Result"
