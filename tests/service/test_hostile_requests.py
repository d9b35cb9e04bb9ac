"""Malformed and hostile requests: a refusal for each, and nothing else."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from projektor_ray.service.problem_details import problem
from tests.helpers.hostile_names import HOSTILE_NAMES
from tests.helpers.hostile_requests import Hostile, hostile_requests

EVERY = hostile_requests("test")


def test_there_are_many_of_them() -> None:
    assert len(EVERY) >= 300


@pytest.mark.parametrize("kind", sorted({one.kind for one in EVERY}))
def test_each_is_refused_with_problem_details(client: TestClient, kind: str) -> None:
    for one in _of(kind):
        answer = client.request(one.method, one.path, content=one.body, headers=one.headers)
        assert 400 <= answer.status_code < 500, (one.path, one.body[:200], answer.text[:500])
        found: dict[str, Any] = json.loads(answer.content)
        assert found["status"] == answer.status_code
        assert len(answer.content) < 20_000


def test_what_a_request_says_is_shown_without_control_characters() -> None:
    found = json.loads(problem(422, "unusable-request", "".join(HOSTILE_NAMES)).body)
    kinds = {unicodedata.category(letter) for letter in found["detail"] if letter not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs"}
    assert "[/INST]" in found["detail"]


def _of(kind: str) -> Iterator[Hostile]:
    return (one for one in EVERY if one.kind == kind)
