"""The record of a study in its own folder: what opens it later, without pilots and without Ray."""

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

from projektor_ray.errors import InputError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import Row, make_table
from projektor_ray.storage.settings import parse
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


def write_record(folder: Folder, study: Study) -> None:
    """Write the record; sources are left out, since paths and credentials are nobody's business."""
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
    }
    folder.write_table(TABLE, make_table(TABLE, [row], study.results_metadata))


def read_record(folder: Folder) -> StudyRecord:
    """Read the record of a study's folder.

    Raises
    ------
    InputError
        If the folder holds no study, or one of another schema version.
    """
    (row,) = folder.read_table(TABLE).to_pylist()
    config = parse(StudyConfig, json.loads(row["config"]))
    validations = _summaries(row["validation_sets"])
    study = resolve(config, _summaries(row["pilots"]), validations)
    names = [one.name for one in validations]
    record = StudyRecord(
        study,
        dict(zip(names, row["probe_hashes"], strict=True)),
        dict(zip(names, row["distance_hashes"], strict=True)),
    )
    if study.adaptive is None:
        return record
    from projektor_ray.designs.adaptive import chosen_before  # which imports this package

    design = Ledger(folder, "adaptive_design").rows(row["probe_hashes"][0])
    grown = study.grown(chosen_before(study, design))
    return StudyRecord(grown, record.probe_hashes, record.distance_hashes)


def _summaries(text: str) -> list[SetSummary]:
    kind = TypeAdapter(list[SetSummary])
    try:
        return kind.validate_json(text)
    except ValidationError as failure:
        raise InputError(
            f"the table {TABLE}.parquet cannot be read: {failure.error_count()} fields of its "
            "summaries are wrong. Run the study again: python -m jobs.study STUDY.yaml"
        ) from None
