"""Folders of finished studies, written without training anything and without Ray."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from projektor_ray.profiles import ProviderProfile, Share
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import make_table
from projektor_ray.study import Study
from projektor_ray.study.record import write_record
from tests.helpers.predictor_data import distance
from tests.helpers.report_content import profile as a_profile
from tests.helpers.studies import changed, resolved, value

Merge = Callable[[Any], Any]
BUYS: dict[str, Any] = {"size": 100, "budget": 120.0, "restarts": 4}


def small_study(*, seeds: int = 2, **selection: Any) -> Study:
    """Three providers, of whom ada sells 90 samples; a lattice of 10 mixtures."""
    asked = changed("probes", "lattice", to=3)
    asked["probes"]["seeds"] = seeds
    asked["providers"][0]["capacity"] = 90
    return resolved({**asked, "selection": selection or BUYS})


def write_study(place: Path, study: Study, merge: Merge = np.asarray) -> Path:
    """The folder of a study that is done, with its profiles."""
    folder = Folder(place)
    write_record(folder, study)
    write_ledgers(folder, study, merge)
    for one in study.each:
        rows = [profile(name).to_row() for name in study.names]
        table = "-".join(filter(None, ("provider_profiles", one.set_name)))
        folder.write_table(table, make_table("provider_profiles", rows, one.distances_metadata))
    return place


def write_ledgers(folder: Folder, study: Study, merge: Merge = np.asarray) -> None:
    """The ledgers of a study all of whose probes are done.

    Parameters
    ----------
    merge : a mixture → the one of three providers that it counts as.
    """
    for one in study.each:
        probes = [
            {
                "mixture_id": probe.mixture_id,
                "mixture": list(probe.mixture),
                "size": probe.size,
                "seed": probe.seed,
                "learner": probe.learner,
                "metric": probe.metric,
                "value": value(merge(np.array(probe.mixture)), probe.size),
                "seconds": 0.1,
                "status": "done",
                "error": "",
                "attempt": 1,
                "warnings": [],
            }
            for probe in study.wanted_probes()
        ]
        Ledger(folder, "probes").append(probes, one.probes_metadata)
        rows = [
            {
                "mixture_id": study.identify(p),
                "mixture": p.tolist(),
                "seconds": 0.0,
                "value": float(distance(merge(p)[None])[0]),
                "gradient": [0.0] * len(p),
            }
            for p in study.measured
        ]
        Ledger(folder, "distances").append(rows, one.distances_metadata)


def profile(provider: str) -> ProviderProfile:
    """Of a pilot of 40 samples, a fifth of whose labels are wrong."""
    return a_profile(
        provider,
        samples=40,
        distance=0.3,
        wrong_labels=Share(0.2, 0.1, 0.3),
        outliers=None,
        duplicates_within=1,
        planned_samples=None,
        least_valuable=(3, 7),
    )
