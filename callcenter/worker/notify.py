"""What systemd is told: a datagram to NOTIFY_SOCKET, as sd_notify(3) describes; nothing where there is no systemd."""

from __future__ import annotations

import contextlib
import os
import socket


def tell_systemd(state: str) -> None:
    """Send a state such as READY=1, WATCHDOG=1 or STOPPING=1; never waits and never fails."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        # An address in the abstract namespace begins with a zero byte.
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.setblocking(False)
        door.sendto(state.encode(), address)
