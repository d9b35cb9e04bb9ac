"""Tables whose files carry a checksum."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import DamagedError
from projektor_ray.storage.checked_parquet import decode, encode
from projektor_ray.storage.schemas import make_table
from tests.helpers.table_rows import METADATA, flipped, probe_row


def content() -> bytes:
    return encode(make_table("probes", [probe_row(seed) for seed in range(3)], METADATA))


def test_a_table_comes_back_with_its_metadata() -> None:
    table, metadata = decode(content(), "probes")
    assert metadata == METADATA
    expected = make_table("probes", [probe_row(seed) for seed in range(3)], METADATA)
    assert table.equals(expected)
    again, _ = decode(encode(table), "probes")
    assert again.equals(expected), "what was read is written like what was made"


def test_other_tools_read_the_file(tmp_path: Path) -> None:
    (tmp_path / "probes.parquet").write_bytes(content())
    assert pq.read_table(tmp_path / "probes.parquet").num_rows == 3


def test_every_flipped_bit_is_noticed() -> None:
    whole = content()
    for bit in np.random.default_rng(0).choice(8 * len(whole), 500, replace=False).tolist():
        with pytest.raises(DamagedError, match=r"probes\.parquet"):
            decode(flipped(whole, bit), "probes.parquet")


@pytest.mark.parametrize("wrong", [b"", b"PAR1", content()[:-1], content() + b"\n", bytes(200)])
def test_what_was_cut_or_grew_is_noticed(wrong: bytes) -> None:
    with pytest.raises(DamagedError, match=r"probes\.parquet"):
        decode(wrong, "probes.parquet")
