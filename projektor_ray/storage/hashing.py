"""Content hashes and the random streams derived from them.

A row's identity is the hash of what determines it, and its randomness comes from that identity
alone: never from the order of trials, the worker, or the number of workers.
"""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGEST_LENGTH = 16
HASHED_AT_ONCE = 1024
"""Rows that are converted at once."""


def digest(*parts: Any) -> str:
    """Hash of JSON-representable parts: 16 hexadecimal digits (64 bits) of SHA-256.

    Mappings are hashed by sorted key; floats by their shortest exact representation.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def array_digest(array: NDArray[Any]) -> str:
    """Hash of an array's dtype, shape and bytes."""
    state = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()[:DIGEST_LENGTH]


def row_digests(array: NDArray[Any]) -> NDArray[np.uint64]:
    """Hashes of the rows of an array, 64 bits of BLAKE2b: equal for equal values, shape (n,).

    Numbers of every floating type are hashed as float64, and −0 as 0: a row of float32 equals the
    same numbers in float64, and no others.
    """
    digests = np.empty(len(array), dtype=np.uint64)
    for start in range(0, len(array), HASHED_AT_ONCE):
        rows = array[start : start + HASHED_AT_ONCE].reshape(-1, int(np.prod(array.shape[1:])))
        if np.issubdtype(rows.dtype, np.floating):
            rows = rows.astype(np.float64) + 0.0
        hashes = (
            hashlib.blake2b(row, digest_size=8).digest() for row in np.ascontiguousarray(rows)
        )
        digests[start : start + len(rows)] = np.frombuffer(b"".join(hashes), dtype="<u8")
    return digests


def generator(*parts: Any) -> np.random.Generator:
    """The random stream of an identity: equal parts, equal stream, on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))
