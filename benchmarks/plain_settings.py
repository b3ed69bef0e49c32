"""Settings of the plain design's cluster: django-q2 as documented, four workers, the database as broker."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403

# The name of the queue that the benchmark fills.
Q_CLUSTER = {
    "name": "callcenter",
    "workers": int(os.environ.get("PLAIN_WORKERS", "4")),
    "timeout": 60,
    "retry": 120,
    "orm": "default",
}
# The product's system checks refuse these queue settings.
SILENCED_SYSTEM_CHECKS = ["campaigns.E001", "campaigns.E002"]
