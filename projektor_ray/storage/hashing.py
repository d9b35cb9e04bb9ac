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


def generator(*parts: Any) -> np.random.Generator:
    """The random stream of an identity: equal parts, equal stream, on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))
