"""The demo accounts: the agents, caller IDs, voices and diallers that the simulator has, one account a vendor."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """An agent in the simulator; fields that only UnleashX has hold that vendor's codes."""

    id: str
    name: str
    language: str = "en"
    type_code: int = 3
    calling_code: int | None = 1
    status_code: int = 1
    variables: tuple[str, ...] = ("name",)


@dataclass(frozen=True, slots=True)
class DemoVoice:
    """A voice, or at Bitel a recorded message."""

    id: str
    name: str
    maker: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Everything needed to make a provider of a vendor in the sandbox."""

    vendor: str
    name: str
    base_path: str
    key_prefix: str
    key: str
    webhook_secret: str = ""
    agents: tuple[DemoAgent, ...] = ()
    caller_ids: tuple[str, ...] = ()
    voices: tuple[DemoVoice, ...] = ()
    dialers: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)


def _uuid(kind: int, number: int) -> str:
    return f"5a4db0c5-0000-4000-8{kind:03d}-{number:012d}"


_VOCODE_AGENTS = (
    "Appointment reminder", "Delivery notice", "Customer survey", "Payment reminder", "Event invitation", "Welcome",
    "Order confirmation", "Service feedback", "Renewal notice", "Waiting list", "Volunteer call", "Table booking",
)  # fmt: skip

DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        vendor="bitel",
        name="Bitel sandbox",
        base_path="/bitel",
        key_prefix="sandbox_bitel_",
        key="sandbox_bitel_demo",
        voices=(
            DemoVoice("08e815cbcd724386805103ac0d45e4c2", "Appointment reminder", language="fa"),
            DemoVoice("1b1cf2a37a0e4b6f9e5d0c8f4f7a2d11", "Delivery notice", language="fa"),
            DemoVoice("2c2d03b48b1f4c7fae6e1d9f5f8b3e22", "Payment reminder", language="fa"),
        ),
        dialers=("tehran-1", "tehran-2"),
    ),
    DemoAccount(
        vendor="unleashx",
        name="UnleashX sandbox",
        base_path="/unleashx",
        key_prefix="sandbox_unleashx_",
        key="sandbox_unleashx_demo",
        agents=(
            DemoAgent("101", "Appointment reminder"),
            DemoAgent("102", "Customer survey", language="hi", variables=("name", "order_number")),
            DemoAgent("103", "Old campaign", status_code=3),
            DemoAgent("104", "Website chat", type_code=2, calling_code=None),
            DemoAgent("105", "Reception", calling_code=2),
            DemoAgent("106", "Payment reminder"),
        ),
    ),
    DemoAccount(
        vendor="bolna",
        name="Bolna sandbox",
        base_path="/bolna",
        key_prefix="sandbox_bolna_",
        key="sandbox_bolna_demo",
        agents=(
            DemoAgent(_uuid(1, 1), "Appointment reminder"),
            DemoAgent(_uuid(1, 2), "Customer survey", language="hi", variables=("name", "order_number")),
            DemoAgent(_uuid(1, 3), "Payment reminder"),
            DemoAgent(_uuid(1, 4), "Being prepared", status_code=0),
        ),
        caller_ids=("+12025550111", "+12025550112", "+12025550113"),
        voices=(
            DemoVoice(_uuid(2, 1), "Matthew", "polly"),
            DemoVoice(_uuid(2, 2), "Meera", "sarvam", "hi"),
            DemoVoice(_uuid(2, 3), "Rachel", "elevenlabs"),
        ),
    ),
    DemoAccount(
        vendor="voicy",
        name="Voicy sandbox",
        base_path="/voicy/functions/v1",
        key_prefix="voicy_sk_live_sandbox",
        key="voicy_sk_live_sandboxdemo000000000000000000",
        webhook_secret="sandbox-voicy-webhook-secret",  # noqa: S106 - opens nothing but the sandbox
        agents=(
            DemoAgent(_uuid(3, 1), "Appointment reminder", variables=("customer_name",)),
            DemoAgent(_uuid(3, 2), "Customer survey", language="he", variables=("customer_name",)),
            DemoAgent(_uuid(3, 3), "Payment reminder"),
            DemoAgent(_uuid(3, 4), "Resting", status_code=0),
        ),
        caller_ids=("+12025550121", "+12025550122"),
    ),
    DemoAccount(
        vendor="vocode",
        name="Vocode sandbox",
        base_path="/vocode",
        key_prefix="sandbox_vocode_",
        key="sandbox_vocode_demo",
        agents=tuple(DemoAgent(_uuid(4, number), name) for number, name in enumerate(_VOCODE_AGENTS, 1)),
        caller_ids=("+12025550131", "+12025550132", "+12025550133"),
        voices=(
            DemoVoice(_uuid(5, 1), "en-US-AriaNeural", "azure"),
            DemoVoice(_uuid(5, 2), "marsh", "rime"),
            DemoVoice(_uuid(5, 3), "21m00Tcm4TlvDq8ikWAM", "eleven_labs"),
            DemoVoice(_uuid(5, 4), "larry", "play_ht"),
        ),
    ),
)

ACCOUNT_OF: dict[str, DemoAccount] = {account.vendor: account for account in DEMO_ACCOUNTS}
