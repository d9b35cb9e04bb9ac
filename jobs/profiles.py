"""Provider profiles: what each pilot tells of its provider, before any training is paid for.

python -m jobs.profiles STUDY.yaml
"""

if __name__ == "__main__":
    from jobs.entry import main

    main("profiles")

from collections.abc import Sequence

import numpy as np

from actors.profiles import examine, pictures
from jobs.profile_tables import (
    Profiles,
    known_profiles,
    profile_metadata,
    show_profiles,
    write_profiles,
)
from jobs.workspace import Workspace
from projektor_ray.cli.heartbeat import doing
from projektor_ray.profiles import (
    PilotProfile,
    ProviderProfile,
    SampleValues,
    positions,
    provider_profiles,
    remarkable,
    thumbnails,
)


def profiles(workspace: Workspace) -> Profiles:
    """Compare the pilots with each validation set, unless the table exists already; writes the
    tables `provider_profiles`, `values` and `thumbnails`."""
    return {one.study.validation.name: _profiles(one) for one in workspace.each}


def _profiles(workspace: Workspace) -> list[ProviderProfile]:
    profiles = known_profiles(workspace)
    if profiles is None:
        with doing("Provider profiles", "comparing the pilots", at_once=False):
            profiles = _examined(workspace)
    show_profiles(workspace, profiles)
    return profiles


def _examined(workspace: Workspace) -> list[ProviderProfile]:
    names, class_names = workspace.study.names, workspace.pilots.schema.class_names
    pilots, duplicates, values = examine(workspace.pilots, workspace.pilot_distances)
    alone = _distances_alone(workspace)
    profiles = provider_profiles(names, class_names, alone, pilots, duplicates, values)
    _write_values(workspace, values)
    _write_thumbnails(workspace, pilots, values)
    write_profiles(workspace, profiles)
    return profiles


def _write_values(workspace: Workspace, values: Sequence[SampleValues]) -> None:
    names = workspace.study.names
    rows = [
        {"provider": names[one.provider], "sample": sample, "value": value}
        for one in sorted(values, key=lambda one: one.provider)
        for sample, value in enumerate(one.values.tolist())
    ]
    workspace.write("values", rows, profile_metadata(workspace))


def _write_thumbnails(
    workspace: Workspace, pilots: Sequence[PilotProfile], values: Sequence[SampleValues]
) -> None:
    names, chosen = workspace.study.names, remarkable(pilots, values)
    drawn = pictures(workspace.pilots, positions(chosen, names))
    shown = thumbnails(chosen, drawn, names, workspace.pilots.schema.class_names)
    workspace.write("thumbnails", [one.to_row() for one in shown], profile_metadata(workspace))


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
