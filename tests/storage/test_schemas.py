"""The columns of the tables."""

from projektor_ray.storage.schemas import KEYS, SCHEMAS, make_table
from tests.helpers.table_rows import METADATA, probe_row


def test_every_table_and_every_column_has_a_description() -> None:
    for name, schema in SCHEMAS.items():
        assert schema.metadata[b"description"], name
        for field in schema:
            assert field.metadata[b"description"].decode().strip(), f"{name}.{field.name}"


def test_keys_are_columns_of_their_ledger() -> None:
    for name, columns in KEYS.items():
        assert set(columns) <= set(SCHEMAS[name].names)


def test_a_table_has_the_columns_and_their_descriptions() -> None:
    table = make_table("probes", [probe_row(0)], METADATA)
    assert table.schema.equals(SCHEMAS["probes"])
    assert table.schema.field("value").metadata == SCHEMAS["probes"].field("value").metadata
    assert table["value"].to_pylist() == [probe_row(0)["value"]]
