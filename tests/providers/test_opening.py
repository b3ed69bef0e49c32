"""Nobody opens a way to a vendor that keeps no pace."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.sources import tree_of

ROOT = Path(__file__).parents[2]
MAY_OPEN = {
    ("providers/opening.py", "open_client"): "the client itself",
    ("providers/opening.py", "open_backend"): "the one reader, paced",
    ("providers/opening.py", "open_order_loop"): "orders, whose pace the commit point keeps",
    ("providers/forms.py", "_check_client"): "whether an address can be used; nothing is asked",
}

OUTSIDE = {
    ("providers/outbound.py", "_ask"): "a file from a host that whoever runs the server allows",
    ("callcenter/webhooks_out/sending.py", "prepared"): "a message to such a host",
}
"""No way to a vendor: only hosts of OUTBOUND_HOSTS are reached."""


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield every call of the product with its file and the function that it stands in."""
    for room in ("callcenter", "campaigns", "providers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for function in ast.walk(tree_of(path.read_text())):
                if isinstance(function, ast.FunctionDef):
                    for node in ast.walk(function):
                        if isinstance(node, ast.Call):
                            yield str(path.relative_to(ROOT)), function.name, node


def name_of(node: ast.Call) -> str:
    """Return the last word of what is called."""
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def test_a_client_is_opened_in_few_places() -> None:
    found = {(path, function) for path, function, node in calls() if name_of(node) in {"open_client", "HttpClient"}}
    assert found == MAY_OPEN.keys() | OUTSIDE.keys()


def test_a_client_for_no_vendor_reaches_hosts_of_the_second_list_alone() -> None:
    allowed = {
        ast.unparse(keyword.value)
        for path, function, node in calls()
        if name_of(node) == "HttpClient" and (path, function) in OUTSIDE
        for keyword in node.keywords
        if keyword.arg == "allowed_hosts"
    }
    assert allowed == {"settings.OUTBOUND_HOSTS", "allowed"}
    # Files: whoever asks for one names the list.
    asked = {ast.unparse(node.args[1]) for _, _, node in calls() if ast.unparse(node.func) == "outbound.read_file"}
    assert asked == {"settings.OUTBOUND_HOSTS"}


def test_a_backend_is_made_for_orders_and_for_paced_reads_alone() -> None:
    made = {
        (path, function)
        for path, function, node in calls()
        if {"secrets", "options"} <= {keyword.arg for keyword in node.keywords}
        and name_of(node) not in {"open_backend", "open_client", "asking", "auth_headers"}
    }
    assert made == {("providers/opening.py", "open_backend"), ("providers/opening.py", "open_order_loop")}
    source = ast.unparse(tree_of((ROOT / "providers/opening.py").read_text()))
    assert "return guarded(provider.backend_class(PacedClient(told, pace), secrets=secrets, options=options))" in source


def test_keys_are_opened_where_a_request_leaves_and_for_a_rotation_alone() -> None:
    opened = {
        (path, function)
        for path, function, node in calls()
        if isinstance(node.func, ast.Attribute)
        and path not in {"providers/fields.py", "providers/sealed_secrets.py"}
        and (
            (node.func.attr == "open" and "secrets" in ast.unparse(node.func.value))
            or node.func.attr in {"resealed", "unseal"}
        )
    }
    assert opened == {
        ("providers/opening.py", "open_backend"),
        ("providers/opening.py", "open_order_loop"),
        ("providers/services/checking.py", "try_secrets"),
        ("callcenter/management/commands/rotate_keys.py", "rotate"),
        # No vendor's key: the secret of a second factor that is being set up, sealed for its user.
        ("callcenter/sign_in/forms.py", "__init__"),
        # No vendor's key: the secret of a receiver, which signs a message as it leaves.
        ("callcenter/webhooks_out/sending.py", "prepared"),
    }


def test_nobody_puts_another_client_in() -> None:
    for room in ("callcenter", "campaigns", "providers"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name == "base.py":
                continue
            for node in ast.walk(tree_of(path.read_text())):
                targets = node.targets if isinstance(node, ast.Assign) else []
                clients = [one for one in targets if isinstance(one, ast.Attribute) and one.attr == "client"]
                assert not clients, path
