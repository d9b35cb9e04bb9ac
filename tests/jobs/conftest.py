"""A local Ray; studies join it as a Python driver's would."""

from pathlib import Path

import pytest

from jobs.study import run_study
from projektor_ray.selection import PurchasePlans
from tests.helpers.job_studies import config
from tests.helpers.local_ray import share_ray


@pytest.fixture
def local_ray() -> None:
    share_ray(cpus=1)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PurchasePlans]:
    """The folder and the plans of a study that all modules read."""
    share_ray(cpus=1)
    out = tmp_path_factory.mktemp("finished")
    return out, run_study(config(), str(out))


@pytest.fixture
def finished(
    local_ray: None, finished_once: tuple[Path, PurchasePlans]
) -> tuple[Path, PurchasePlans]:
    """A finished study's folder, which no test writes to, and its plans."""
    return finished_once
