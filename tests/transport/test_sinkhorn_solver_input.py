"""Input that `sinkhorn` refuses."""

import numpy as np
import pytest
import torch

from projektor_ray.errors import InputError
from projektor_ray.transport import sinkhorn

BAD: dict[str, dict[str, list[object]]] = {
    "cost": {
        "shape": [torch.ones(3), torch.ones(0, 2)],
        "float32 or float64": [torch.ones(3, 2, dtype=torch.int64)],
        "must be a tensor": [[[1.0]]],
        "dense": [torch.ones(3, 2).to_sparse()],
        "real": [torch.ones(3, 2, dtype=torch.complex64)],
    },
    "weights": {
        "shape": [torch.ones(2, 1) / 2, torch.ones(3) / 3],
        "if these are counts": [
            torch.ones(3, 1),
            torch.ones(3, 1).half(),
            torch.full((3, 1), 0.333),
        ],
        "float16 is not precise enough": [torch.full((3, 1), 1 / 3).half()],
        "bfloat16 is not precise enough": [torch.full((3, 1), 1 / 3).bfloat16()],
        "0 or more": [-torch.ones(3, 1) / 3],
        "real": [torch.ones(3, 1, dtype=torch.complex128) / 3],
        "dense": [(torch.ones(3, 1) / 3).to_sparse()],
    },
    "target": {
        "shape": [torch.ones(3) / 3],
        "sum to 1": [torch.ones(2), torch.zeros(2)],
        "0 or more": [torch.tensor([1.5, -0.5])],
        "real": [torch.ones(2, dtype=torch.complex64) / 2],
    },
    "epsilon": {"positive": [0.0, -1.0, float("nan"), float("inf"), "0.1", None]},
    "tolerance": {"between 0 and 1": [0.0, 1.0, float("nan"), "1e-3", None]},
    "max_iterations": {"whole number": [0, 1.5, "9", None]},
    "start": {
        "finite": [torch.zeros(3, 1), torch.full((2, 1), torch.nan)],
        "must be a tensor": [np.zeros((2, 1))],
        "real": [torch.zeros(2, 1, dtype=torch.complex64)],
    },
}


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        (name, words, value)
        for name, kinds in BAD.items()
        for words, values in kinds.items()
        for value in values
    ],
)
def test_bad_input_is_refused_in_words(name: str, words: str, value: object) -> None:
    good: dict[str, object] = {
        "cost": torch.ones(3, 2),
        "weights": torch.ones(3, 1) / 3,
        "target": torch.ones(2) / 2,
        "epsilon": 0.1,
    }
    with pytest.raises(InputError, match=f"{name}.*{words}"):
        sinkhorn(**{**good, name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_costs_that_are_not_finite_are_refused(bad: float) -> None:
    cost = torch.ones(3, 2)
    cost[1, 1] = bad
    with pytest.raises(InputError, match="1 of its 6 entries"):
        sinkhorn(cost, torch.ones(3, 1) / 3, torch.ones(2) / 2, 0.1)
    weights = torch.tensor([[bad], [0.5], [0.5]])
    with pytest.raises(InputError, match="weights must be finite"):
        sinkhorn(torch.ones(3, 2), weights, torch.ones(2) / 2, 0.1)
