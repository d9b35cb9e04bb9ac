"""Configuration: what a person wrote wrong is said in one line, with where it is and what to do."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field, field_validator

from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.settings import Config, expand_path, parse, read_config
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
    checked: str = Field("", description="Checked by a validator that quotes it.")

    @field_validator("checked")
    @classmethod
    def _empty(cls, text: str) -> str:
        if text:
            raise ValueError(f"expected nothing; got {text!r}")
        return text


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
    both = nearest("foo", ["loo", "gp"])
    assert both.startswith("did you mean 'loo'?")
    assert both.endswith("known: loo, gp")
    assert nearest("rmze", ["accuracy", "rmse"]) == "did you mean 'rmse'? known: accuracy, rmse"
    assert nearest("mixtures_count", ["mixtures", "n_mixtures", "seeds"]).startswith(
        "did you mean 'mixtures' or 'n_mixtures'?"
    )
    assert nearest("largest", ["target", "max_size"]).endswith("known: target, max_size")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Anything(Config):
    a: Any = Field(None, description="Any value.")


def test_variables_are_replaced_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data")
    monkeypatch.delenv("ABSENT", raising=False)
    path = written(
        tmp_path,
        "a: {a: '${PLACE}/x', b: [1, {c: 'from ${ABSENT:-here} to ${PLACE}'}], d: '${ABSENT:-}'}\n",
    )
    assert read_config(Anything, path).a == {
        "a": "/data/x",
        "b": [1, {"c": "from here to /data"}],
        "d": "",
    }


@pytest.mark.parametrize("secret", ["hunter2-hunter2", "x7q", "-5"])
@pytest.mark.parametrize(
    "text",
    [
        "name: oak\ncrown: {weight: '${SECRET}'}\n",
        "name: oak\ncrown: '${SECRET}'\n",
        "name: oak\nleaves: '${SECRET}'\n",
        "name: oak\ncrown: {weight: -1, colour: '${SECRET}'}\n",
        "name: oak\ntwigs: [{name: '${SECRET}', weight: -1}]\n",
        "name: oak\nchecked: '${SECRET}'\n",
    ],
)
def test_the_value_of_a_variable_is_never_shown(
    text: str, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", secret)
    with pytest.raises(InputError) as failure:
        read_config(Tree, written(tmp_path, text))
    assert secret not in str(failure.value).replace("weight: -1", "").replace("got -1", "")


def test_a_path_is_expanded_as_a_shell_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "/data")
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_path("$PLACE/${PLACE}/${ABSENT:-x}") == "/data//data/x"
    assert expand_path("~/a$5") == "/home/me/a$5"
    with pytest.raises(ValueError, match="ABSENT"):
        expand_path("$ABSENT/a")


def test_an_unset_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(InputError, match="variable ABSENT is not set"):
        read_config(Tree, written(tmp_path, "providers: [{source: {path: '${ABSENT}/a.parquet'}}]"))


def test_what_an_inner_error_explains_is_not_repeated() -> None:
    study = {"providers": [{"name": "a", "capacity": -1}]}
    with pytest.raises(InputError) as failure:
        parse(StudyConfig, study)
    assert "providers.a.capacity" in str(failure.value)
    assert "providers:" not in str(failure.value)


class Bough(Config):
    former_keys: ClassVar = {"colour": "shade"}
    former_values: ClassVar = {"shade": {"verdant": "green"}}
    shade: Literal["green", "red"] = Field("green", description="A shade.")


def test_a_former_name_is_refused_and_the_new_one_named() -> None:
    for values, line in (
        ({"colour": "red"}, "colour is now called shade"),
        ({"shade": "verdant"}, "shade: verdant is now called green"),
        ({"colour": "red", "shade": "green"}, "colour is now called shade"),
    ):
        with pytest.raises(InputError) as failure:
            parse(Bough, values)
        assert [text.strip() for text in str(failure.value).splitlines()[1:]] == [line]


def test_former_names_of_a_study_file() -> None:
    study = {
        "name": "s",
        "validation": {"path": "v.csv"},
        "providers": [
            {
                "name": "a",
                "source": {"path": "a.csv"},
                "price": 0.02,
                "tiers": [{"beyond": 500, "price": 0.01}],
            }
        ],
        "learner": {"name": "majority"},
        "probes": {"scales": [40], "design": "spread", "mixtures_count": 7, "stop_below": 1},
        "selection": {"size": 40, "largest": 9, "least": "money", "starts": 2},
        "project": [80],
    }
    with pytest.raises(InputError) as failure:
        parse(StudyConfig, study)
    assert {line.strip() for line in str(failure.value).splitlines()[1:]} == {
        "project is now called projection_sizes",
        "providers.a.tiers.0.beyond is now called above_quantity",
        "probes.design: spread is now called maximin",
        "probes.mixtures_count is now called n_mixtures",
        "probes.stop_below is now called min_expected_gain",
        "selection.largest is now called max_size",
        "selection.least is now called minimize",
        "selection.starts is now called restarts",
    }
