"""Where pilots and validation sets are read from."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.pilots import Pilots
from tests.helpers.job_studies import config


@pytest.mark.ray
def test_relative_paths_are_the_driver_s_where_ray_was_started_in_another_folder(
    local_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = pa.table({"f": np.arange(8.0), "label": np.arange(8) % 2})
    for name in ("validation", "ada", "bob"):
        pq.write_table(table, f"{name}.parquet")
    providers = [{"name": name, "source": {"path": f"{name}.parquet"}} for name in ("ada", "bob")]
    asked = config(validation={"path": "validation.parquet"}, providers=providers)
    pilots, validations = Pilots(asked, {}, None).summaries()
    assert [summary.size for summary in [*pilots, *validations]] == [8, 8, 8]
