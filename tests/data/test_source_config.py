"""What a source's configuration accepts, and what it says about the rest."""

from typing import Any

import pytest

from projektor_ray.data import SourceConfig
from projektor_ray.errors import InputError
from projektor_ray.storage.settings import parse


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "exactly one of path, sklearn, torchvision; got none"),
        ({"path": "a.csv", "sklearn": "iris"}, "got path and sklearn"),
        ({"sklearn": "iris", "label": "y"}, "`label` applies to `path`"),
        ({"path": "a.csv", "split": "test"}, "`split` applies to `torchvision`"),
        ({"torchvision": "MNIST"}, "needs `root`"),
        ({"sklearn": "iris", "rows": [5, 5]}, r"0 ≤ start < stop; got \[5, 5\]"),
        ({"sklearn": "iris", "shuffle": True}, "shuffle"),
        ({"sklearn": "iris", "limit": 0}, "limit"),
        ({"sklearn": "iris", "wrong_labels": 1.5}, "wrong_labels"),
        ({"sklearn": "iris", "classes": []}, "classes"),
        ({"path": "a.csv", "features": []}, "at least one column"),
        ({"sklearn": "iris", "target": "numbers"}, "target"),
        ({"pth": "a.csv", "path": "a.csv"}, "did you mean 'path'"),
        ({"path": "$NO_SUCH_VARIABLE/a.csv"}, "NO_SUCH_VARIABLE is not set"),
        ({"path": "${NO_SUCH_VARIABLE}/a.csv"}, "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_refuses(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(SourceConfig, values)


def test_expands_variables_where_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTS", "/data")
    assert SourceConfig(path="${PILOTS}/a.csv").path == "/data/a.csv"
    assert SourceConfig(torchvision="MNIST", root="$PILOTS/m").root == "/data/m"


def test_every_field_is_documented() -> None:
    assert all(field.description for field in SourceConfig.model_fields.values())
