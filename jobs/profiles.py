"""Provider profiles: what each pilot tells of its provider, before any training is paid for.

python -m jobs.profiles STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("profiles")

from collections.abc import Mapping, Sequence

import numpy as np

from actors.profiles import examine
from jobs.workspace import Workspace
from projektor_ray.cli import screen
from projektor_ray.errors import InputError
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.profiles import ProviderProfile, SampleValues, provider_profiles, with_plan
from projektor_ray.selection import Plan
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.table_metadata import TableMetadata

VERSION = 3
"""Of what the numbers of a profile mean; a table of another version is computed again."""


Profiles = dict[str, list[ProviderProfile]]
"""Of all providers, by the validation set that they are compared with."""


def profiles(workspace: Workspace) -> Profiles:
    """Compare the pilots with each validation set, unless the table exists already; writes the
    tables `provider_profiles` and `values`."""
    return {one.study.validation.name: _profiles(one) for one in workspace.each}


def _profiles(workspace: Workspace) -> list[ProviderProfile]:
    study = workspace.study
    profiles = _known(workspace)
    if profiles is None:
        pilots, duplicates, values = examine(workspace.pilots, workspace.pilot_distances)
        alone = _distances_alone(workspace)
        names = workspace.pilots.schema.class_names
        profiles = provider_profiles(study.names, names, alone, pilots, duplicates, values)
        _write_values(workspace, values)
        _write(workspace, profiles)
    screen.table(profile_table(profiles, study.set_name))
    return profiles


def add_plan(
    workspace: Workspace, drawn: Profiles, plan: Plan, without: Mapping[str, Plan | None]
) -> Profiles:
    """The profiles with each provider's part in the selected plan; writes them again.

    Parameters
    ----------
    without : the best plans that leave a provider out, see `plans_without`.
    """
    planned: Profiles = {}
    for one in workspace.each:
        name = one.study.validation.name
        planned[name] = with_plan(drawn[name], plan, without)
        _write(one, planned[name])
    return planned


def _metadata(workspace: Workspace) -> TableMetadata:
    study = workspace.study
    input_hash = digest("provider_profiles", VERSION, study.distances_metadata.input_hash)
    return TableMetadata(study.config.name, study.names, input_hash, study.set_name)


def _write(workspace: Workspace, drawn: Sequence[ProviderProfile]) -> None:
    rows = [profile.to_row() for profile in drawn]
    workspace.write("provider_profiles", rows, _metadata(workspace))


def _write_values(workspace: Workspace, values: Sequence[SampleValues]) -> None:
    names = workspace.study.names
    rows = [
        {"provider": names[one.provider], "sample": sample, "value": value}
        for one in sorted(values, key=lambda one: one.provider)
        for sample, value in enumerate(one.values.tolist())
    ]
    workspace.write("values", rows, _metadata(workspace))


def _known(workspace: Workspace) -> list[ProviderProfile] | None:
    table = workspace.table("provider_profiles")
    try:
        stored = workspace.folder.read_table(table)
    except InputError:
        return None
    if TableMetadata.of(stored.schema, table) != _metadata(workspace):
        return None
    return [ProviderProfile.from_row(row) for row in stored.to_pylist()]


def _distances_alone(workspace: Workspace) -> np.ndarray:
    """Each provider's distance to validation: the ledger's, or measured now."""
    study, distances = workspace.study, workspace.pilot_distances
    ledger, vertices = workspace.distances(), np.eye(len(study.names))
    keys = [(study.identify(vertex),) for vertex in vertices]
    alone = np.array([ledger[key]["value"] if key in ledger else np.nan for key in keys])
    absent = np.isnan(alone)
    if absent.any():
        distances.reset()
        alone[absent] = distances(vertices[absent]).value
        distances.reset()
    return alone
