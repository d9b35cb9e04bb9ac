"""Studies whose providers join and leave, and ledgers of probes that nobody trained."""

from collections.abc import Sequence
from typing import Any

from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Row
from projektor_ray.storage.settings import parse
from projektor_ray.study import UNNAMED, Probe, SetSummary, Study, StudyConfig, resolve
from projektor_ray.study.base_design import continued
from projektor_ray.study.fitting import missing_probes
from tests.helpers.studies import VALUES, samples

NAMES = ("ada", "bob", "cyd", "dan", "eve", "fay", "gus")
SOURCE = {"sklearn": "iris"}
PILOTS = {
    name: SetSummary.of(name, samples(60, seed))
    for seed, name in enumerate([*NAMES, *(f"p{place}" for place in range(9))])
}
SETS = {
    name: SetSummary.of(name, samples(30, seed))
    for seed, name in enumerate([UNNAMED, "everyday", "rare"], 90)
}


def study_of(
    names: Sequence[str],
    changes: dict[str, Any] | None = None,
    sets: Sequence[str] = (UNNAMED,),
    pilots: dict[str, SetSummary] | None = None,
    **probes: Any,
) -> Study:
    """A fresh study of these providers; two scales, one seed, and the default design.

    Parameters
    ----------
    changes : of the study's file, besides its probes.
    sets : the validation sets.
    pilots : that differ from the usual ones.
    """
    named = {} if sets == (UNNAMED,) else {"validations": dict.fromkeys(sets, SOURCE)}
    values = {
        **VALUES,
        "validation": None if named else SOURCE,
        **named,
        "providers": [{"name": name, "source": SOURCE} for name in names],
        "probes": {"scales": [10, 40], "seeds": 1, **probes},
        **(changes or {}),
    }
    known = {**PILOTS, **(pilots or {})}
    config = parse(StudyConfig, values)
    return resolve(config, [known[name] for name in names], [SETS[one] for one in sets])


def train(study: Study, folder: Folder, most: int | None = None) -> list[Probe]:
    """Record that the first missing probes of a study, so many at most, are done; what they are."""
    ledger = Ledger(folder, "probes")
    done = missing_probes(study, ledger.rows(study.each[0].probes_metadata.input_hash))[:most]
    for one in study.each:
        ledger.append([_row(probe) for probe in done], one.probes_metadata)
    return done


def begun(
    folder: Folder, names: Sequence[str], *, most: int | None = None, **probes: Any
) -> tuple[Study, list[Probe]]:
    """A study as a run continues it in a folder, and the first probes, which are then done."""
    study = continued(study_of(names, **probes), folder, records=True)
    return study, train(study, folder, most)


def _row(probe: Probe) -> Row:
    return {
        "mixture_id": probe.mixture_id,
        "mixture": list(probe.mixture),
        "size": probe.size,
        "seed": probe.seed,
        "learner": probe.learner,
        "metric": probe.metric,
        "value": 0.5,
        "seconds": 1.0,
        "status": "done",
        "error": "",
        "attempt": 1,
    }
