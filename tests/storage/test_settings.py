"""Configuration: what a person wrote wrong is said in one line, with where it is and what to do."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.settings import Config, expand_path, parse, read_yaml
from projektor_ray.study import StudyConfig


class Leaf(Config):
    colour: str = Field("green", description="A colour.")
    weight: float = Field(1.0, ge=0, description="A weight.")


class Twig(Leaf):
    name: str = Field(description="Its own.")


class Tree(Config):
    name: str = Field(description="Required.")
    leaves: tuple[Leaf, ...] = Field((), description="Many.")
    twigs: tuple[Twig, ...] = Field((), description="Many that have names.")
    crown: Leaf | None = Field(None, description="One or none.")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "oak", "leafs": []}, r"leafs: unknown key; did you mean 'leaves'\?"),
        (
            {"name": "oak", "leaves": [{}, {"color": "red"}]},
            r"leaves.1.color: unknown key; did you mean 'colour'\?",
        ),
        (
            {"name": "oak", "crown": {"wieght": 1}},
            r"crown.wieght: unknown key; did you mean 'weight'\?",
        ),
        (
            {"name": "oak", "crown": {"xyz": 1}},
            "crown.xyz: unknown key; known: colour, weight",
        ),
        ({}, "name: required, but absent"),
        ({"name": "oak", "twigs": [{"name": "low", "weight": -1}]}, "twigs.low.weight: "),
        ({"name": "oak", "twigs": [{"weight": 1}]}, "twigs.0.name: required, but absent"),
        (
            {"name": "oak", "twigs": [{"name": 3, "weight": 1}]},
            r"twigs.3.name: must be a text; got 3",
        ),
        ({"name": "oak", "crown": {"weight": -1}}, "crown.weight: must be 0 or more; got -1"),
        (
            {"name": "oak", "crown": {"weight": "heavy"}},
            "crown.weight: must be a number; got 'heavy'",
        ),
        ("oak", r"\(top\): must be fields with values; got 'oak'"),
        ({"name": "oak", "leaves": 3}, "leaves: must be a list; got 3"),
        (None, r"\(top\): .*; got None"),
    ],
)
def test_a_wrong_field_is_named(values: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(Tree, values)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InputError) as raised:
        parse(Tree, {"leafs": [], "crown": {"weight": -1}})
    lines = str(raised.value).splitlines()[1:]
    assert sorted(line.split(":")[0].strip() for line in lines) == ["crown.weight", "leafs", "name"]


def test_nearest() -> None:
    assert nearest("acuracy", ["accuracy", "rmse"]) == "did you mean 'accuracy'?"
    assert nearest("zzz", ["accuracy", "rmse"]) == "known: accuracy, rmse"
    assert nearest("foo", ["loo", "gp"]) == "did you mean 'loo'? known: loo, gp"
    assert nearest("rmze", ["accuracy", "rmse"]) == "did you mean 'rmse'?"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_variables_are_replaced_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data")
    monkeypatch.delenv("ABSENT", raising=False)
    path = written(
        tmp_path,
        "a: ${PLACE}/x\nb: [1, {c: 'from ${ABSENT:-here} to ${PLACE}'}]\nd: ${ABSENT:-}\ne: 2\n",
    )
    assert read_yaml(path) == {
        "a": "/data/x",
        "b": [1, {"c": "from here to /data"}],
        "d": "",
        "e": 2,
    }


def test_a_path_is_expanded_as_a_shell_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data")
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_path("$PLACE/${PLACE}/${ABSENT:-x}") == "/data//data/x"
    assert expand_path("~/a$5") == "/home/me/a$5"
    with pytest.raises(ValueError, match="ABSENT"):
        expand_path("$ABSENT/a")


def test_an_unset_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(InputError, match="environment variable ABSENT is not set; set it"):
        read_yaml(written(tmp_path, "providers: [{source: {path: '${ABSENT}/a.parquet'}}]"))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the study file .*absent.yaml: No such file"):
        read_yaml(tmp_path / "absent.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the study file"):
        read_yaml(tmp_path)


def test_broken_yaml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study.yaml is not valid YAML: (.|\n)*line 2"):
        read_yaml(written(tmp_path, "a: 1\nb: [1\n"))


@pytest.mark.parametrize("content", [b"name: \xff\xfe", b"PAR1\x00\x01\x02"])
def test_a_file_that_is_not_text(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"study.yaml is not valid YAML"):
        read_yaml(path)


def test_what_an_inner_error_explains_is_not_repeated() -> None:
    study = {"providers": [{"name": "a", "capacity": -1}]}
    with pytest.raises(InputError) as failure:
        parse(StudyConfig, study)
    assert "providers.a.capacity" in str(failure.value)
    assert "providers:" not in str(failure.value)
