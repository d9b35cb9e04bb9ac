"""What table files state about themselves."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import InputError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import make_table
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.storage.versions import check_versions
from tests.helpers.table_rows import METADATA, probe_row


def test_metadata_comes_back_from_the_file(tmp_path: Path) -> None:
    several = replace(METADATA, validation="rare")
    Folder(tmp_path).write_table("probes", make_table("probes", [probe_row(0)], several))
    schema = pq.read_schema(tmp_path / "probes.parquet")
    assert schema.metadata[b"projektor.providers"] == b'["a", "b"]'
    assert TableMetadata.of(schema, "probes") == several


def test_a_ledger_of_an_earlier_schema_version_is_refused(tmp_path: Path) -> None:
    earlier = {**METADATA.metadata(), "projektor.schema_version": "1"}
    table = make_table("probes", [probe_row(0)], METADATA).replace_schema_metadata(earlier)
    (tmp_path / "probes").mkdir()
    pq.write_table(table, tmp_path / "probes" / "part-0-a.parquet")
    ledger = Ledger(Folder(tmp_path), "probes")
    with pytest.raises(InputError, match="schema version 1"):
        check_versions(ledger.folder)
    with pytest.raises(InputError, match="schema version 1"):
        ledger.rows(METADATA.input_hash)
