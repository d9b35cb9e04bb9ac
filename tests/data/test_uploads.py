"""A pilot in bytes: of three kinds, bounded, and naming no files."""

import gzip
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from projektor_ray.data import SampleSchema, read_upload
from projektor_ray.data.samples import Target
from projektor_ray.data.uploads import MOST_COLUMNS, MOST_ROWS
from projektor_ray.errors import InputError

NONE = SampleSchema()
TABLE = pa.table({"x": [0.5, 1.5, 2.5], "z": [1.0, 0.0, 1.0], "label": [0, 1, 1]})


def parquet(table: pa.Table) -> bytes:
    sink = BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def arrow(table: pa.Table, kind: str) -> bytes:
    sink = BytesIO()
    opened = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with opened(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


CSV = b"x,z,label\n0.5,1.0,0\n1.5,0.0,1\n2.5,1.0,1\n"


@pytest.mark.parametrize(
    "content",
    [CSV, gzip.compress(CSV), parquet(TABLE), arrow(TABLE, "stream"), arrow(TABLE, "file")],
    ids=["csv", "csv.gz", "parquet", "stream", "file"],
)
def test_a_table_of_each_kind_is_read_alike(content: bytes) -> None:
    read = read_upload(content, NONE, "classes")
    np.testing.assert_array_equal(read.inputs, [[0.5, 1.0], [1.5, 0.0], [2.5, 1.0]])
    assert read.labels is not None
    assert read.labels.tolist() == [0, 1, 1]


def test_the_pilot_follows_the_validation_set() -> None:
    schema = SampleSchema(class_names=("cat", "dog"), label="kind", inputs=("z", "x"))
    content = b"x,z,kind,label\n1,2,dog,a\n3,4,cat,b\n5,6,owl,c\n"
    read = read_upload(content, schema, "classes")
    np.testing.assert_array_equal(read.inputs, [[2, 1], [4, 3], [6, 5]])
    assert read.labels is not None
    assert read.labels[:2].tolist() == [1, 0]
    assert read.other_names == ("owl",)
    named = read_upload(b"x,z,a,b\n1,2,0,1\n3,4,1,1\n", NONE, "classes", label="a")
    assert named.labels is not None
    assert named.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"\x00\x01\x02", "NUL"),
        (b"PAR1 and no more", "cannot be read as Parquet"),
        (b"ARROW1 and no more", "cannot be read as Arrow"),
        (b'{"x": 1}', "expected one of"),
        (b"PK\x03\x04", "expected one of"),
        (b"ORC", "expected one of"),
        (b"x,label\n", "has no rows"),
        (b"x,z\n1,2\n", "no label column"),
        (b"x,label\n1,0\nnan,1\n", "NaN"),
        (b"x,label\n1,0\n,1\n", "missing"),
        (b"x,label\n1,0\n2,\n", "label"),
        (b"x,label\n1,0\n2\n", "cannot be read as CSV"),
        (b"x,x,label\n1,2,0\n", "more than one is called 'x'"),
        (b"name,label\nann,0\nbob,1\n", "the pilot"),
    ],
)
def test_what_is_no_pilot_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_upload(content, NONE, "classes")


FOR_STUDY_FILES = ("in the source", "set target", "`encoding`", "with `features`")


@pytest.mark.parametrize(
    ("content", "target", "words"),
    [
        (b"x,z,target,class\n1,2,0,1\n3,4,1,0\n", "classes", r"\?label=target"),
        (b"x,z,kind of\n1,2,a\n3,4,b\n", "classes", r"\?label=kind%20of"),
        (b"name,label\nann,0\nbob,1\n", "classes", "Send such columns"),
        (b"x,label\n1,0\n2,\n", "classes", "drop these rows"),
        (b"x,label\n1,caf\xe9\n", "classes", "Save it as UTF-8"),
        (b"\x00\x01\x02", "classes", "Save it as UTF-8"),
        (b"x,label\n1,a\n2,b\n", "regression", "Give numbers"),
        (b"x,label\n1,0.5\n2,1\n", "classes", "Give whole numbers"),
        (
            parquet(pa.table({"a": [[1.0]], "b": [[2.0]], "label": [0]})),
            "classes",
            "one kind only",
        ),
    ],
)
def test_remedies_are_those_that_a_sender_has(content: bytes, target: Target, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        read_upload(content, NONE, target)
    assert not [one for one in FOR_STUDY_FILES if one in str(refused.value)]


def test_rows_and_columns_are_bounded() -> None:
    many = pa.table({"x": np.zeros(10**7, np.float32), "label": np.zeros(10**7, np.int8)})
    with pytest.raises(InputError, match=f"10,000,000 rows, and {MOST_ROWS:,}"):
        read_upload(parquet(many), NONE, "classes")
    with pytest.raises(InputError, match="rows"):
        read_upload(b"x,label\n" + b"1,0\n" * (MOST_ROWS + 1), NONE, "classes")
    wide = ",".join(f"x{i}" for i in range(MOST_COLUMNS))
    with pytest.raises(InputError, match="columns"):
        read_upload(f"{wide},label\n{'1,' * MOST_COLUMNS}0\n".encode(), NONE, "classes")


def test_the_memory_of_a_large_upload_is_bounded_too() -> None:
    """A file of 32 MiB whose content would need 0.6 GiB."""
    rows, width = 5000, 2**15
    values = np.zeros(rows * width, np.float32)
    values[: 2**23] = np.random.default_rng(0).random(2**23, np.float32)
    features = pa.FixedSizeListArray.from_arrays(pa.array(values), width)
    content = parquet(pa.table({"x": features, "label": np.arange(rows) % 2}))
    assert 2**24 < len(content) < 2**26
    with pytest.raises(InputError, match=r"0\.5 GiB at most") as refused:
        read_upload(content, NONE, "classes")
    assert "memory_limit_gb" not in str(refused.value)


def test_the_memory_of_images_is_bounded_by_their_pixels() -> None:
    """A thousand files of some hundred bytes each, of a million pixels each once decoded."""
    from PIL import Image

    sink = BytesIO()
    Image.new("L", (1000, 1000)).save(sink, "PNG", optimize=True)
    content = parquet(pa.table({"image": [sink.getvalue()] * 1000, "label": [0, 1] * 500}))
    with pytest.raises(InputError, match=r"2\.8 GiB of memory, and may need 0\.5 GiB"):
        read_upload(content, SampleSchema(image_size=(1000, 1000)), "classes")
    few = parquet(pa.table({"image": [sink.getvalue()] * 4, "label": [0, 1] * 2}))
    read = read_upload(few, SampleSchema(image_size=(8, 6)), "classes")
    assert read.inputs.shape == (4, 8, 6, 3)
    with pytest.raises(InputError, match="holds images, and the validation set holds features"):
        read_upload(few, NONE, "classes")


def test_no_file_is_read_that_a_cell_names(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from PIL import Image

    path = tmp_path / "one.png"
    Image.new("RGB", (4, 4)).save(path)
    for cell in (str(path), f"file://{path}", "s3://bucket/one.png"):
        content = parquet(pa.table({"image": [cell, cell], "label": [0, 1]}))
        with pytest.raises(InputError, match="not read"):
            read_upload(content, SampleSchema(image_size=(4, 4)), "classes")


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"import numpy\nx = 1\n"],
)
def test_a_file_that_is_no_table_is_named_with_the_formats_that_are_read(content: bytes) -> None:
    with pytest.raises(InputError, match="Parquet, Arrow or CSV"):
        read_upload(content, NONE, "classes")
