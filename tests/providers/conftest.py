"""What tests of providers share: a simulator a module, and readable assertions of the shared contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.sandbox.server import SandboxServer
from tests.providers.sandbox_caller import control

# The contract is not a test module itself.
pytest.register_assert_rewrite("tests.providers.contract", "tests.providers.exchanges")


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """Run the five vendors as fast as the module's SPEED says, without limits, with a journal."""
    journal = tmp_path_factory.mktemp("sandbox") / "journal.jsonl"
    with SandboxServer(port=0, speed=request.module.SPEED, journal=journal, limits=False) as running:
        yield running


@pytest.fixture
def origin(server: SandboxServer) -> str:
    """Return the address of the simulator, which has forgotten what earlier tests did."""
    control(server.origin, "reset")
    return server.origin
