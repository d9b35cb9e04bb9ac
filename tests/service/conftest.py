"""A served study, opened once for all tests of the room that only ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from projektor_ray.service import create_app
from tests.helpers.study_folders import small_study, write_study

HERE = "http://127.0.0.1"


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("served"), small_study())


@pytest.fixture(scope="session")
def client(place: Path) -> Iterator[TestClient]:
    with TestClient(create_app([str(place)]), base_url=HERE) as found:
        yield found
