"""The record of a study in its own folder: what opens it later, without pilots and without Ray."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from projektor_ray.data import Samples, SourceConfig
from projektor_ray.data.fingerprints import fingerprints
from projektor_ray.errors import InputError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.schemas import Row, make_table
from projektor_ray.storage.settings import parse
from projektor_ray.storage.versions import check_versions
from projektor_ray.study.base_design import recorded
from projektor_ray.study.checks import resolve
from projektor_ray.study.config import StudyConfig
from projektor_ray.study.study import Study
from projektor_ray.study.validation_sets import SetSummary

TABLE = "study"


@dataclass(frozen=True, eq=False)
class StudyRecord:
    """A study as its folder records it.

    Attributes
    ----------
    study : resolved again from the recorded configuration and summaries.
    probe_hashes, distance_hashes : input hashes of the ledgers' rows, by validation set. They are
        recorded, since computing them would import the user's own learner and embedder.
    """

    study: Study
    probe_hashes: dict[str, str]
    distance_hashes: dict[str, str]


def write_record(folder: Folder, study: Study, sources: str = "") -> None:
    """Write the record; sources are left out, since paths and credentials are nobody's business.

    Parameters
    ----------
    sources : fingerprint of all of them, see `sources_fingerprint`.
    """
    config = study.config.model_dump(
        mode="json", exclude_unset=True, exclude={"validation", "validations"}
    )
    config["providers"].sort(key=lambda provider: provider["name"])
    for provider in config["providers"]:
        provider.pop("source", None)
    config["learner"]["family"] = study.learner_family
    row: Row = {
        "config": json.dumps(config),
        "pilots": json.dumps([asdict(one) for one in study.pilots]),
        "validation_sets": json.dumps([asdict(one) for one in study.validations]),
        "probe_hashes": [one.probes_metadata.input_hash for one in study.each],
        "distance_hashes": [one.distances_metadata.input_hash for one in study.each],
        "sources": sources,
    }
    folder.write_table(TABLE, make_table(TABLE, [row], study.results_metadata))


def read_record(folder: Folder) -> StudyRecord:
    """Read the record of a study's folder.

    Raises
    ------
    InputError
        If the folder holds no study, or a table that another version of this program wrote.
    """
    check_versions(folder)
    (row,) = folder.read_table(TABLE).to_pylist()
    config = parse(StudyConfig, json.loads(row["config"]))
    validations = _summaries(row["validation_sets"])
    study = resolve(config, _summaries(row["pilots"]), validations)
    names = [one.name for one in validations]
    return StudyRecord(
        recorded(study, folder, row["probe_hashes"]),
        dict(zip(names, row["probe_hashes"], strict=True)),
        dict(zip(names, row["distance_hashes"], strict=True)),
    )


def sources_fingerprint(
    config: StudyConfig,
    pilots: Mapping[str, Samples],
    validations: Mapping[str, Samples],
) -> str:
    """One hash of where all samples of a study come from, and of the state of their sources.

    Empty where a source cannot be seen from here, as on a cluster whose nodes have the files.

    Parameters
    ----------
    pilots, validations : samples that a driver gives in place of sources, by name.
    """
    try:
        return digest(
            _of_each(config.pilot_sources, pilots),
            _of_each({} if validations else config.validation_sources, validations),
        )
    except InputError:
        return ""


def _of_each(
    sources: Mapping[str, SourceConfig | None], given: Mapping[str, Samples]
) -> dict[str, object]:
    read = {n: one for n, one in sources.items() if one is not None and n not in given}
    of_samples = {n: asdict(SetSummary.of(n, one)) for n, one in given.items()}
    return {**fingerprints(read), **of_samples}


def recorded_sets(folder: Folder, sources: str) -> tuple[list[SetSummary], list[SetSummary]] | None:
    """Summaries of pilots and validation sets, if the sources are as they were recorded.

    None where there is no record, or it is of other sources.
    """
    if not sources:
        return None
    try:
        (row,) = folder.read_table(TABLE).to_pylist()
        if row.get("sources") != sources:
            return None
        return _summaries(row["pilots"]), _summaries(row["validation_sets"])
    except InputError:
        return None


def _summaries(text: str) -> list[SetSummary]:
    kind = TypeAdapter(list[SetSummary])
    try:
        return kind.validate_json(text)
    except ValidationError as failure:
        raise InputError(
            f"the table {TABLE}.parquet cannot be read: {failure.error_count()} fields of its "
            "summaries are wrong. Run the study again: python -m jobs.study STUDY.yaml"
        ) from None
