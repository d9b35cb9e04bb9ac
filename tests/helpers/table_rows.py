"""A row of the `probes` table, and metadata, for tests of tables and ledgers."""

from datetime import datetime, timezone
from typing import Any

from projektor_ray.storage.table_metadata import TableMetadata

METADATA = TableMetadata("study", ("a", "b"), "made")


def probe_row(seed: int, **changes: Any) -> dict[str, Any]:
    row = {
        "mixture_id": "m0",
        "mixture": [0.25, 0.75],
        "size": 30,
        "seed": seed,
        "learner": "l",
        "metric": "accuracy",
        "value": 0.1 + 0.2,
        "seconds": 1.5,
        "status": "done",
        "error": "",
        "attempt": 1,
        "started_at": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "warnings": ["ConvergenceWarning: x"],
    }
    return row | changes


def flipped(content: bytes, bit: int) -> bytes:
    """The same bytes with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
