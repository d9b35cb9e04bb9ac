"""What a shard refuses to hold: bad sources are named with their provider."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray

from actors.shard import PilotShard
from projektor_ray.data import Samples, SampleSchema, SourceConfig
from projektor_ray.errors import InputError

pytestmark = pytest.mark.ray

FEATURES = np.random.default_rng(0).normal(size=(20, 3))
LABELS = np.arange(20) % 2


def shard(bob: Any) -> tuple[PilotShard, list[Any]]:
    """A shard, in this process, of a sound provider and one that a test makes."""
    sources = {"ada": SourceConfig(sklearn="iris"), "bob": bob}
    return PilotShard(["bob", "ada"]), [ray.put(sources), ray.put(SampleSchema())]


def write(path: Path, **columns: Any) -> None:
    features = {f"f{i}": FEATURES[:, i] for i in range(3)}
    pq.write_table(pa.table({**features, **columns}), path)


def nan(path: Path) -> None:
    write(path, f3=np.where(np.arange(20) == 4, np.nan, 1.0), label=LABELS)


def infinite(path: Path) -> None:
    write(path, f3=np.where(np.arange(20) == 4, np.inf, 1.0), label=LABELS)


@pytest.mark.parametrize(
    ("make", "options", "says"),
    [
        (lambda path: None, {}, r"there is no file or folder .*bob\.parquet"),
        (lambda path: path.write_bytes(b"PAR1 nonsense PAR1"), {}, r"bob\.parquet.*Parquet"),
        (nan, {}, r"1 of 20 samples have features that are missing, NaN or infinite, in row 5 \("),
        (
            infinite,
            {},
            r"1 of 20 samples have features that are missing, NaN or infinite, in row 5 \(",
        ),
        (lambda path: write(path, label=LABELS), {"label": "lable"}, "'lable'.*'label'"),
        (lambda path: write(path), {"target": "classes"}, "label"),
        (lambda path: write(path, label=LABELS), {"rows": (0, 99)}, "has 20 rows"),
    ],
)
def test_a_bad_source_is_named_with_its_provider(
    local_ray: None,
    tmp_path: Path,
    make: Callable[[Path], Any],
    options: dict[str, Any],
    says: str,
) -> None:
    path = tmp_path / "bob.parquet"
    make(path)
    pilots, sources = shard(SourceConfig(path=str(path), **options))
    with pytest.raises(InputError, match=f"^provider 'bob': (.|\n)*{says}"):
        pilots.summaries(sources)


def test_summaries_are_in_the_order_of_names_whatever_their_sources(local_ray: None) -> None:
    samples = Samples(FEATURES.astype(np.float32), LABELS)
    pilots, sources = shard(ray.put(samples))
    summaries = pilots.summaries(sources)
    assert [summary.name for summary in summaries] == ["ada", "bob"]
    assert [summary.size for summary in summaries] == [150, 20]
    assert summaries[1].content_hash == samples.content_hash
