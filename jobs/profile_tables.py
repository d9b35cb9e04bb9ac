"""Provider profiles as the study's tables hold them: read, written, and shown."""

from collections.abc import Sequence

from jobs.study_tables import StudyTables
from projektor_ray.cli import screen
from projektor_ray.errors import InputError
from projektor_ray.explain.design_facts import repetition_facts
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.profiles import ProviderProfile, Thumbnail, with_plan
from projektor_ray.selection import PurchasePlans
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import Row
from projektor_ray.storage.table_metadata import TableMetadata

VERSION = 4
"""Of what the numbers of a profile mean; a table of another version is computed again."""

Profiles = dict[str, list[ProviderProfile]]
"""Of all providers, by the validation set that they are compared with."""


def known_profiles(tables: StudyTables) -> list[ProviderProfile] | None:
    """The profiles for one validation set; None if the table describes other pilots, or it or one
    that is written with it is damaged.
    """
    rows, values = (_known_rows(tables, name) for name in ("provider_profiles", "values"))
    if rows is None or values is None or tables.folder.is_damaged(tables.table("thumbnails")):
        return None
    return [ProviderProfile.from_row(row) for row in rows]


def known_thumbnails(tables: StudyTables) -> dict[str, tuple[Thumbnail, ...]]:
    """The thumbnails for each validation set; none where the folder lacks them."""
    return {
        one.study.validation.name: tuple(
            Thumbnail(**row) for row in _known_rows(one, "thumbnails") or ()
        )
        for one in tables.each
    }


def _known_rows(tables: StudyTables, name: str) -> list[Row] | None:
    """Of a table about the pilots; None if there is none, or it describes other pilots."""
    table = tables.table(name)
    try:
        stored = tables.folder.read_table(table)
    except InputError:
        return None
    if TableMetadata.of(stored.schema, table) != profile_metadata(tables):
        return None
    rows: list[Row] = stored.to_pylist()
    return rows


def write_profiles(tables: StudyTables, profiles: Sequence[ProviderProfile]) -> None:
    """Write the table `provider_profiles`."""
    rows = [profile.to_row() for profile in profiles]
    tables.write("provider_profiles", rows, profile_metadata(tables))


def show_profiles(tables: StudyTables, profiles: Sequence[ProviderProfile]) -> None:
    """Show the profiles for one validation set, and whose samples probes repeat."""
    screen.table(profile_table(profiles, tables.study.set_name))
    for one in repetition_facts(tables.study):
        screen.status("Caution", str(one))


def add_plan(tables: StudyTables, drawn: Profiles, plans: PurchasePlans) -> Profiles:
    """The profiles with each provider's part in the selected plan; writes them again."""
    planned: Profiles = {}
    for one in tables.each:
        name = one.study.validation.name
        planned[name] = with_plan(drawn[name], plans)
        write_profiles(one, planned[name])
    return planned


def profile_metadata(tables: StudyTables) -> TableMetadata:
    """What profiles depend on: pilots, validation set, embedder and ground cost."""
    study = tables.study
    input_hash = digest("provider_profiles", VERSION, study.distances_metadata.input_hash)
    return TableMetadata(study.config.name, study.names, input_hash, study.set_name)
