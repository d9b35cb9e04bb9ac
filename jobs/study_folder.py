"""Where a study's tables are written."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from projektor_ray.errors import InputError

if TYPE_CHECKING:
    from projektor_ray.study import StudyConfig


def folder_of(config: "StudyConfig", out: str | None) -> str:
    """The folder of a study's tables: as given, else out/NAME."""
    return out or str(Path("out") / config.name)


def has_no_probes(out: str) -> bool:
    """Whether it is seen at once that a folder has no probes, so that some are to be trained."""
    return "://" not in out and not (Path(out) / "probes").exists()


def check_folder(out: str, address: str | None) -> None:
    """Refuse a relative folder on a cluster, where it is lost with the job.

    Raises
    ------
    InputError
        If the job runs on a cluster and the folder is neither absolute nor a URI.
    """
    submitted = os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR")
    on_cluster = submitted or (address or os.environ.get("RAY_ADDRESS", "local")) != "local"
    if on_cluster and "://" not in out and not Path(out).is_absolute():
        raise InputError(
            f"the job runs on a cluster, where the relative folder {out} would be lost; give an "
            "absolute path that all nodes see, or a URI: --out s3://bucket/NAME"
        )
