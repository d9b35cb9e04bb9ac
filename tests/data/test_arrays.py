"""Samples in memory: frames, tables, arrays, and the files that they are spooled to."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from projektor_ray.data import (
    samples_from_arrays,
    samples_from_frame,
)
from projektor_ray.errors import InputError


def test_a_data_frame_and_its_table_are_the_same() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"a": [0.5, 1.5], "b": [1, 2], "kind": ["dog", "cat"]}, index=["first", "second"]
    )
    samples = samples_from_frame(frame, label="kind")
    assert samples.inputs.tolist() == [[0.5, 1.0], [1.5, 2.0]]
    assert samples.class_names == ("cat", "dog")
    table = pa.Table.from_pandas(frame)
    assert samples_from_frame(table, label="kind").content_hash == samples.content_hash
    categories = frame.astype({"kind": "category"})
    assert samples_from_frame(categories, label="kind").content_hash == samples.content_hash
    assert samples_from_frame(frame, label="b", features=["a"]).inputs.shape == (2, 1)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(InputError, match="got object"):
        samples_from_frame(object())


def test_narrow_numbers_become_float32_and_wide_ones_float64() -> None:
    for kind, wide in [(np.int8, np.float32), (np.int64, np.float64), (np.float16, np.float32)]:
        assert samples_from_arrays(np.ones((2, 1), dtype=kind)).inputs.dtype == wide


def test_tensors_of_pytorch_are_arrays() -> None:
    inputs, labels = torch.ones(2, 3), torch.tensor([4, 1])
    samples = samples_from_arrays(inputs, labels)
    assert samples.inputs.shape == (2, 3)
    assert np.asarray(samples.labels).tolist() == [4, 1]


def test_bad_arrays_are_refused() -> None:
    with pytest.raises(InputError, match="each of 2 samples"):
        samples_from_arrays([[1.0], [2.0]], [1])
    with pytest.raises(InputError, match=r"row 2 \("):
        samples_from_arrays([[1.0], [np.nan]], [1, 2])
    with pytest.raises(InputError, match="cannot be read as numbers"):
        samples_from_arrays([[1.0, 2.0], [2.0]], [1, 2])
    with pytest.raises(InputError, match=r"row 2 \("):
        samples_from_arrays(np.ma.masked_array([[1, 2], [3, 4]], [[0, 0], [1, 0]]), [1, 2])
    with pytest.raises(InputError, match=r"features of shape \(n, d\)"):
        samples_from_arrays([["a"], ["b"]], [1, 2])
