"""Malformed and hostile requests: a refusal for each, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.helpers.hostile_requests import Hostile, hostile_requests

EVERY = hostile_requests("test")


def test_there_are_many_of_them() -> None:
    assert len(EVERY) >= 200


@pytest.mark.parametrize("kind", sorted({one.kind for one in EVERY}))
def test_each_is_refused_with_problem_details(client: TestClient, kind: str) -> None:
    for one in _of(kind):
        answer = client.request(one.method, one.path, content=one.body, headers=one.headers)
        assert 400 <= answer.status_code < 500, (one.path, one.body[:200], answer.text[:500])
        found: dict[str, Any] = json.loads(answer.content)
        assert found["status"] == answer.status_code
        assert len(answer.content) < 20_000


def _of(kind: str) -> Iterator[Hostile]:
    return (one for one in EVERY if one.kind == kind)
