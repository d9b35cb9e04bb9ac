"""Samples in memory: frames, tables, arrays, and the files that they are spooled to."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from projektor_ray.data import (
    read_source,
    samples_from_arrays,
    samples_from_frame,
    spool,
    write_samples,
)
from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(
    npst.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=FINITE),
    st.data(),
)
@settings(max_examples=40, deadline=None)
def test_spooled_samples_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, inputs: np.ndarray, data: st.DataObject
) -> None:
    count = len(inputs)
    kinds = st.sampled_from(["classes", "regression", "none"])
    labels = {
        "classes": data.draw(npst.arrays(np.int64, count)),
        "regression": data.draw(npst.arrays(np.float64, count, elements=FINITE)),
        "none": None,
    }[data.draw(kinds)]
    samples = Samples(inputs, labels)
    back = read_source(spool(samples, str(tmp_path_factory.mktemp("spool"))))
    assert back.content_hash == samples.content_hash
    assert back.target == samples.target


def test_read_only_images_are_spooled(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)
    images.flags.writeable = False
    samples = Samples(images, np.array([0, 1, 2]))
    assert read_source(spool(samples, str(tmp_path))).content_hash == samples.content_hash


def test_a_spooled_file_is_named_by_its_content(tmp_path: Path) -> None:
    one, other = Samples(np.zeros((2, 3))), Samples(np.ones((2, 3)))
    folder = f"file://{tmp_path}/deeper"
    assert spool(one, folder) == spool(Samples(np.zeros((2, 3))), folder + "/")
    assert spool(one, folder) != spool(other, folder)
    assert len(list((tmp_path / "deeper").iterdir())) == 2


def test_written_names_are_kept(tmp_path: Path) -> None:
    samples = samples_from_arrays([[1.0], [2.0]], ["dog", "cat"])
    back = read_source(write_samples(samples, str(tmp_path / "a.npz")))
    assert back.class_names == ("cat", "dog")
    with pytest.raises(InputError, match=r"written as .npz"):
        write_samples(samples, str(tmp_path / "a.parquet"))


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
    with pytest.raises(
        InputError, match="expected a pandas DataFrame or a pyarrow Table; got dict"
    ):
        samples_from_frame({"a": [1]})


def test_narrow_numbers_become_float32_and_wide_ones_float64() -> None:
    for kind, wide in [(np.int8, np.float32), (np.int64, np.float64), (np.float16, np.float32)]:
        assert samples_from_arrays(np.ones((2, 1), dtype=kind)).inputs.dtype == wide


def test_bad_arrays_are_refused() -> None:
    with pytest.raises(InputError, match="each of 2 samples"):
        samples_from_arrays([[1.0], [2.0]], [1])
    with pytest.raises(InputError, match=r"NaN or infinite, in row 2 \("):
        samples_from_arrays([[1.0], [np.nan]], [1, 2])
    with pytest.raises(InputError, match=r"features of shape \(n, d\)"):
        samples_from_arrays([["a"], ["b"]], [1, 2])
