"""What every table file states about itself, in the metadata of its schema."""

import json
from dataclasses import dataclass

import pyarrow as pa

from projektor_ray.errors import InputError

SCHEMA_VERSION = 2

_PREFIX = "projektor."


@dataclass(frozen=True)
class TableMetadata:
    """The study that a table belongs to, and what its rows depend on.

    Attributes
    ----------
    study : name of the study.
    providers : order of the providers in the columns `mixture` and `gradient`.
    input_hash : content hash of everything that determines the rows beyond their key columns.
    validation : name of the validation set; "" where the study has a single unnamed one.
    """

    study: str
    providers: tuple[str, ...]
    input_hash: str
    validation: str = ""

    def metadata(self) -> dict[str, str]:
        """Entries of the schema's metadata."""
        entries = {
            "study": self.study,
            "providers": json.dumps(self.providers),
            "schema_version": str(SCHEMA_VERSION),
            "input_hash": self.input_hash,
        }
        if self.validation:
            entries["validation"] = self.validation
        return {f"{_PREFIX}{key}": value for key, value in entries.items()}

    @staticmethod
    def of(schema: pa.Schema, name: str) -> "TableMetadata":
        """Metadata of the table file `name`.

        Raises
        ------
        InputError
            If another program or another version of this one wrote the file.
        """
        version = schema_version(schema)
        if version != str(SCHEMA_VERSION):
            raise InputError(
                f"{name} has schema version {version or 'none'}; this version of projektor-ray "
                f"reads schema version {SCHEMA_VERSION}. Run the study into a new folder (--out), "
                "or read this folder with the version of projektor-ray that wrote it"
            )
        metadata = {key.decode(): value.decode() for key, value in schema.metadata.items()}
        return TableMetadata(
            metadata[f"{_PREFIX}study"],
            tuple(json.loads(metadata[f"{_PREFIX}providers"])),
            metadata[f"{_PREFIX}input_hash"],
            metadata.get(f"{_PREFIX}validation", ""),
        )


def schema_version(schema: pa.Schema) -> str | None:
    """The schema version that a table states; None where it states none."""
    version = (schema.metadata or {}).get(f"{_PREFIX}schema_version".encode())
    return None if version is None else version.decode()
