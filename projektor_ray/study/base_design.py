"""The base of a design: mixtures that were trained before providers joined or left.

The identity of a mixture does not contain providers without a share, so that it is the same over
more or fewer providers. When providers change, all trained mixtures that still apply become the
base, and the design that is asked for continues from them. The table `base_design` has the base
before any probe of the new design is trained: a run that is continued continues the same design.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from projektor_ray.designs.candidates import default_count
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger, in_all
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study.adaptive import as_stored, over_providers
from projektor_ray.study.checks import resolve
from projektor_ray.study.placement import added_count
from projektor_ray.study.study import Study

TABLE = "base_design"


def continued(study: Study, folder: Folder, *, records: bool = False) -> Study:
    """The study with what its folder has of its design: the base, and what was chosen adaptively.

    Parameters
    ----------
    records : whether a new base is recorded, by the folder's one writer before it trains.
    """
    hashes = [one.probes_metadata.input_hash for one in study.each]
    stored = _stored(folder, hashes)
    latest = max((change for change, _ in stored), default=-1)
    if not any(row["providers"] == study.names for row in _of_change(stored, latest)):
        probes = in_all([Ledger(folder, "probes").rows(one) for one in hashes])[0]
        own = any(row["providers"] == study.names for row in probes.values())
        if stored or (probes and not own):
            base = trained_mixtures(study, probes)
            if records:
                _record(study, folder, latest + 1, base)
            return _placed(study, base, folder, hashes[0])
    return recorded(study, folder, hashes)


def recorded(study: Study, folder: Folder, hashes: Sequence[str]) -> Study:
    """The same of a study whose base is recorded, if it has one.

    Parameters
    ----------
    hashes : input hashes of the probes, for each validation set.
    """
    stored = _stored(folder, hashes)
    own = [row for row in stored.values() if row["providers"] == study.names]
    latest = max((row["change"] for row in own), default=-1)
    base = [row["mixture"] for row in own if row["change"] == latest and row["mixture"]]
    return _placed(study, _ordered(base, len(study.names)), folder, hashes[0])


def trained_mixtures(study: Study, probes: Mapping[Key, Row]) -> Floats:
    """The mixtures of today's pilots with a finished probe that the study could ask for, (b, m)."""
    mixtures: dict[str, Floats] = {}
    for key, row in finished_probes(study, probes).items():
        if key[0] not in mixtures and (mixture := over_providers(study, row)) is not None:
            mixtures[key[0]] = mixture
    return _ordered(list(mixtures.values()), len(study.names))


def finished_probes(study: Study, probes: Mapping[Key, Row]) -> dict[Key, Row]:
    """The finished ones of the study's scales, seeds, learner and metric, of whatever mixture."""
    return {key: row for key, row in _done(study, probes).items() if key[1] in study.scales}


@dataclass(frozen=True)
class OtherScales:
    """Finished probes that apply, at scales that a budget over other providers bought.

    Attributes
    ----------
    probes : size → how many there are.
    added : mixtures that a design of these scales adds to theirs, by default.
    """

    probes: Mapping[int, int]
    added: int

    @property
    def samples(self) -> int:
        """Samples that a design of these scales trains on: those of the added mixtures."""
        return self.added * sum(self.probes)


def other_scales(study: Study, probes: Mapping[Key, Row]) -> OtherScales | None:
    """Finished probes that the scales of a budget leave unused; None where there are none.

    The scales of a budget share their mixtures. A plan of a second stage has one size.
    """
    if study.budget is None:
        return None
    wanted = {probe.key for probe in study.wanted_probes()}
    others = {
        key: mixture
        for key, row in _done(study, probes).items()
        if key[1] not in study.scales
        and key not in wanted
        and (mixture := over_providers(study, row)) is not None
    }
    sizes = Counter(key[1] for key in others)
    at = {size: {key[0] for key in others if key[1] == size} for size in sorted(sizes)}
    first = next(iter(at.values()), set())
    of_scales = {size: sizes[size] for size in at if 2 * len(at[size] & first) > len(first)}
    if len(of_scales) < 2:
        return None
    trained = {key[0]: mixture for key, mixture in others.items() if key[1] in of_scales}
    base = _ordered(list(trained.values()), len(study.names))
    return OtherScales(of_scales, added_count(default_count(len(study.names)), base))


def _done(study: Study, probes: Mapping[Key, Row]) -> dict[Key, Row]:
    """The finished ones of the study's seeds, learner and metric, of whatever size."""
    config = study.config
    named = (config.learner.name, config.metric)
    return {
        key: row
        for key, row in probes.items()
        if row["status"] == "done" and key[2] in config.probes.seed_list and key[3:] == named
    }


@dataclass(frozen=True)
class Reuse:
    """What a design makes of the finished probes in its folder.

    Attributes
    ----------
    used : how many are of its mixtures.
    unused : how many are of other mixtures of today's pilots.
    obsolete : how many have samples of a provider that left, or of a pilot that changed.
    """

    used: int
    unused: int
    obsolete: int

    @staticmethod
    def of(study: Study, probes: Mapping[Key, Row]) -> "Reuse":
        finished, own = finished_probes(study, probes), set(study.mixture_ids)
        others = [row for key, row in finished.items() if key[0] not in own]
        unused = sum(over_providers(study, row) is not None for row in others)
        return Reuse(len(finished) - len(others), unused, len(others) - unused)


def _placed(study: Study, base: Floats, folder: Folder, probe_hash: str) -> Study:
    """The study on a base, with the mixtures that an adaptive design chose after it."""
    if len(base):
        on_base = resolve(study.config, study.pilots, study.validations, base)
        study = replace(on_base, budget=study.budget)
    return as_stored(study, folder, probe_hash)


def _stored(folder: Folder, hashes: Sequence[str]) -> dict[Key, Row]:
    """Rows of the table for any of the validation sets."""
    ledger = Ledger(folder, TABLE)
    return {key: row for one in hashes for key, row in ledger.rows(one).items()}


def _of_change(stored: Mapping[Key, Row], change: int) -> list[Row]:
    return [row for key, row in stored.items() if key[0] == change]


def _record(study: Study, folder: Folder, change: int, base: Floats) -> None:
    """Append the base at once, for each validation set; a row without shares for an empty one."""
    rows: list[Row] = [
        {"change": change, "mixture_id": study.identify(mixture), "mixture": mixture.tolist()}
        for mixture in base
    ]
    for one in study.each:
        nothing: Row = {"change": change, "mixture_id": "", "mixture": []}
        Ledger(folder, TABLE).append(rows or [nothing], one.probes_metadata)


def _ordered(mixtures: Sequence[Floats], providers: int) -> Floats:
    """Mixtures (b, m) by their shares, so that the order of training does not matter."""
    return np.array(sorted(map(tuple, mixtures), reverse=True)).reshape(-1, providers)
