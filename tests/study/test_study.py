"""A study: bad input is refused before anything is trained, and identities hold."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.data import (
    Samples,
    SampleSchema,
    embedder_identity,
    samples_from_arrays,
    samples_from_frame,
)
from projektor_ray.errors import InputError
from projektor_ray.learners import build_learner
from projektor_ray.storage.settings import parse
from projektor_ray.study import SetSummary, Study, StudyConfig, resolve
from projektor_ray.study.compatibility import ForeignLabels
from tests.helpers.studies import (
    OF_BOTH,
    PILOTS,
    VALIDATION,
    VALUES,
    changed,
    resolved,
    resolved_on,
    samples,
    several,
)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (changed("providrs", to=[]), r"providrs: unknown key; did you mean 'providers'\?"),
        (
            changed("providers", 1, "capcity", to=3),
            r"providers\.bob\.capcity: unknown key; did you mean 'capacity'\?",
        ),
        (
            changed("providers", 0, "source", "lable", to="y"),
            r"providers\.ada\.source\.lable: unknown key; did you mean 'label'\?",
        ),
        (changed("probes", "scale", to=[1]), r"probes\.scale: .*did you mean 'scales'\?"),
        (changed("transport", to={"epsilom": 1}), r"transport\.epsilom: .*'epsilon'"),
        (changed("embedder", to={"nmae": "x"}), r"embedder\.nmae: .*'name'"),
        (changed("learner", "setings", to={}), r"learner\.setings: .*'settings'"),
        (changed("providers", 1, "name", to="ada"), r"listed more than once: \['ada'\]"),
        (changed("providers", 1, "name", to="Ada "), "more than spaces .*'ada' and 'Ada '"),
        (changed("providers", 1, "name", to=""), r"providers\.1\.name: .*at least 1 character"),
        (changed("providers", to=[]), "providers: .*at least 1 item"),
        (changed("providers", 0, "capacity", to=-1), r"providers\.ada\.capacity: .*got -1"),
        (changed("providers", 0, "price", to=-0.5), r"providers\.ada\.price: .*got -0.5"),
        (changed("providers", 0, "price", to=math.nan), r"providers\.ada\.price: .*finite"),
        (changed("probes", "scales", to=[40, 10]), r"ascending sizes.*got \[40, 10\]"),
        (changed("probes", "scales", to=[10, 10]), r"N0 < N1.*got \[10, 10\]"),
        (changed("probes", "scales", to=[0, 10]), r"at least 1 sample.*got \[0, 10\]"),
        (changed("probes", "scales", to=[]), r"expected ascending sizes.*got \[\]"),
        (changed("probes", "seeds", to=0), "seeds from 1 to .*; got 0"),
        (changed("probes", "seeds", to=10**12), "seeds from 1 to .*; got 1000000000000"),
        (changed("probes", "seeds", to=[0, 2**63]), "64 bits"),
        (changed("probes", "seeds", to=[-(2**63) - 1]), "64 bits"),
        (changed("probes", "seeds", to=[1, 1]), r"different seeds; got \[1, 1\]"),
        (changed("probes", "seeds", to=[]), r"different seeds; got \[\]"),
        (changed("probes", "budget", to=900), "budget: 900 decides scales, lattice, seeds, which"),
        (changed("probes", to={"budget": 900, "n_mixtures": 9}), "decides n_mixtures.*drop the"),
        (changed("probes", to={}), "budget: 25000 for a number of samples in all, or sizes"),
        (changed("probes", to={"budget": 0}), r"probes\.budget: .*got 0"),
        (changed("probes", "stages", to=2), "stages: 2 divides a budget, and there is none"),
        (changed("probes", to={"budget": 900, "stages": 3}), r"probes\.stages: .*got 3"),
        (
            changed("probes", "second_stage", to={"plans": 3, "samples": 100}),
            "100 samples are too few for 3 plans at the largest scale, 40. Set samples to 120",
        ),
        (
            changed(
                "probes", to={"scales": [4], "design": "adaptive", "second_stage": {"samples": 99}}
            ),
            "second_stage and design: adaptive both choose mixtures after trainings",
        ),
        (changed("probes", "lattice", to=0), r"probes\.lattice: .*got 0"),
        (changed("probes", "cpus", to=math.nan), r"probes\.cpus: .*finite"),
        (changed("probes", "gpus", to=math.inf), r"probes\.gpus: .*finite"),
        (changed("probes", "memory", to=0), r"probes\.memory: .*must be more than 0; got 0"),
        (
            changed("probes", "time_limit", to=-1),
            r"probes\.time_limit: .*must be more than 0; got -1",
        ),
        (changed("probes", "resources", to={"cpu": 2}), "'cpu' has a field of its own: .*cpus"),
        (changed("probes", "resources", to={"disk": 0}), "positive amount of 'disk'; got 0"),
        (
            changed("probes", "mixtures", to=[{"adda": 1}]),
            r"a mixture names the provider 'adda': did you mean 'ada'\?",
        ),
        (changed("metric", to="acuracy"), r"unknown metric 'acuracy'; did you mean 'accuracy'\?"),
        (
            changed("selection", "predictor", to="qp"),
            r"selection: predictor: there is no 'qp'; known: auto",
        ),
        (changed("selection", "predictor", to="[cs]"), r"there is no '\[cs\]'; did you mean 'cs'"),
        (
            changed("selection", to={"size": 60, "projection": "joint", "predictor": "pq"}),
            r"'joint' fits all scales at once and joins no predictor; got the predictor 'pq'",
        ),
        (
            changed("selection", "projection", to="eq4"),
            r"selection\.projection: .*'joint', 'eq3', 'saturating' or 'none'; got 'eq4'",
        ),
        (
            changed("selection", "projection", to="saturating"),
            r"'saturating' needs 3 or more scales; got \[10, 40\]",
        ),
        (changed("selection", "size", to=0), r"selection\.size: .*got 0"),
        (changed("selection", to={"target": 0.9, "size": 60}), "a size and a target ask for diff"),
        (changed("selection", to={"size": 60, "frontier": [5]}), "a size and a frontier ask for"),
        (changed("selection", to={"budget": 9, "frontier": [5]}), "has budgets of its own"),
        (changed("selection", to={"frontier": [5, -1]}), r"expected budgets from 0 .*got"),
        (changed("selection", to={"budget": 9, "minimize": "money"}), "minimize: money"),
        (changed("selection", to={"size": 60, "max_size": 70}), "max_size: 70"),
        (
            changed("providers", 0, to={"name": "ada", "required": True, "excluded": True}),
            "'ada' cannot be both required and excluded",
        ),
        (changed("selection", "budget", to=-1), r"selection\.budget: .*got -1"),
        (changed("selection", "budget", to=math.inf), r"selection\.budget: .*finite"),
        (changed("projection_sizes", to=[100, 0]), r"projection_sizes .*got \[100, 0\]"),
        (
            changed("transport", to={"epsilon": 0}),
            r"transport\.epsilon: .*must be more than 0; got 0",
        ),
        (changed("validation", to={}), "validation: a source needs exactly one of"),
        (changed("validations", to={"rare": {"sklearn": "iris"}}), "are several; drop one of them"),
        (several({"a/b": {"sklearn": "iris"}}), r"validations\.a/b.*expected a name"),
        (several({"rare": {"sklearm": "iris"}}), r"rare\.sklearm: .*did you mean 'sklearn'"),
    ],
)
def test_configuration_that_cannot_be_used(values: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(StudyConfig, values)


def test_what_a_probe_reserves_by_the_names_of_ray() -> None:
    asked = {"cpus": 2, "gpus": 0.25, "memory": 1.5, "resources": {"disk": 1}}
    config = parse(StudyConfig, changed("probes", to=VALUES["probes"] | asked))
    assert config.probes.reservation == {"CPU": 2, "GPU": 0.25, "memory": 1.5 * 2**30, "disk": 1}
    assert parse(StudyConfig, VALUES).probes.reservation == {"CPU": 1}


def test_an_unknown_learner() -> None:
    with pytest.raises(InputError, match=r"'small_cn'; .*'small_cnn'\?"):
        build_learner(parse(StudyConfig, changed("learner", "name", to="small_cn")).learner)


def test_an_unknown_embedder() -> None:
    config = parse(StudyConfig, changed("embedder", to={"name": "identiy"}))
    with pytest.raises(InputError, match=r"'identiy'; .*'identity'\?"):
        embedder_identity(config.embedder)


@pytest.mark.parametrize(
    ("mixture", "says"),
    [
        ({"ada": 0.5, "bob": 0.4}, r"\(0.5, 0.4, 0\), which sums to 0.9"),
        ({"ada": 1.5, "bob": -0.5}, r"\(1.5, -0.5, 0\)"),
        ({"ada": math.nan, "bob": 1.0}, r"\(nan, 1, 0\)"),
        ({}, r"\(0, 0, 0\), which sums to 0"),
    ],
)
def test_mixtures_off_the_simplex(mixture: dict[str, float], says: str) -> None:
    with pytest.raises(InputError, match=f"mixture 1 is {says}"):
        resolved(changed("probes", "mixtures", to=[{"cyd": 1.0}, mixture]))


def regression(size: int, seed: int) -> Samples:
    random = np.random.default_rng(seed)
    return Samples(random.normal(size=(size, 4)), random.normal(size=size))


@pytest.mark.parametrize(
    ("pilots", "validation", "says"),
    [
        (
            {**PILOTS, "bob": samples(width=5)},
            VALIDATION,
            r"provider 'bob' has samples of shape \(5,\), the validation set \(4,\).*same width",
        ),
        (PILOTS, samples(30, width=5), r"provider 'ada' .*\(4,\), the validation set \(5,\)"),
        (PILOTS, samples(0), "the validation set is empty"),
        ({**PILOTS, "cyd": samples(0)}, VALIDATION, "provider 'cyd' has revealed no samples"),
        (PILOTS, samples(30, classes=1), r"the validation set hold one class only \(0\)"),
        (
            {name: samples(classes=1) for name in PILOTS},
            VALIDATION,
            r"all pilots hold one class only \(0\).*label column",
        ),
        (
            {**PILOTS, "bob": regression(40, 1)},
            VALIDATION,
            "provider 'bob' has labels of the kind 'regression', the validation set 'classes'",
        ),
        (
            {name: regression(40, 1) for name in PILOTS},
            regression(30, 2),
            "metric 'accuracy' needs labels of the kind 'classes'; the sets have 'regression'",
        ),
        (
            {name: Samples(one.inputs) for name, one in PILOTS.items()},
            Samples(VALIDATION.inputs),
            "metric 'accuracy' needs labels of the kind 'classes'; the sets have 'none'",
        ),
    ],
)
def test_sets_that_cannot_be_used(
    pilots: dict[str, Samples], validation: Samples, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        resolved(VALUES, pilots, validation)


def test_labels_that_no_validation_set_has_are_foreign() -> None:
    pilots = {**PILOTS, "ada": samples(classes=5)}
    assert resolved(VALUES).foreign_labels == []
    (ada,) = resolved(VALUES, pilots).foreign_labels
    assert ada == ForeignLabels("ada", 5, ("3", "4"), ("0", "1", "2"))
    few, all_ = samples(30, classes=2), samples(30, classes=3)
    assert resolved_on(several(OF_BOTH, size=60), everyday=few, rare=all_).foreign_labels == []
    everyone = resolved_on(several(OF_BOTH, size=60), everyday=few, rare=few).foreign_labels
    assert [one.provider for one in everyone] == [*PILOTS]


NO_YES = SampleSchema(("no", "yes"))


def labelled(*names: str, schema: SampleSchema | None = NO_YES) -> Samples:
    """Forty samples of these classes in turn."""
    labels = np.array(names)[np.arange(40) % len(names)]
    return samples_from_arrays(samples(40).inputs, labels, schema=schema)


def test_a_pilot_without_one_label_of_validation_is_refused_with_both_lists() -> None:
    validation = labelled("no", "yes", schema=None)
    pilots = dict.fromkeys(PILOTS, labelled("no", "yes"))
    says = r"'bob' .*'no' and 'yes'; got 'NO' and 'YES ' \('NO' is 'no', 'YES ' is 'yes'"
    with pytest.raises(InputError, match=says):
        resolved(VALUES, {**pilots, "bob": labelled("YES ", "NO")}, validation)
    with pytest.raises(InputError, match=r"'yes'; got 'ja' and 'nein'\."):
        resolved(VALUES, {**pilots, "bob": labelled("nein", "ja")}, validation)
    study = resolved(VALUES, {**pilots, "bob": labelled("no", "Yes")}, validation)
    assert study.foreign_labels == [ForeignLabels("bob", 2, ("Yes",), ("no", "yes"))]


def test_arrays_that_number_named_classes_otherwise_are_refused() -> None:
    validation = labelled("no", "yes", schema=None)
    pilots = dict.fromkeys(PILOTS, labelled("no", "yes"))
    for names in (("NO", "YES"), ("maybe", "no", "yes")):
        with pytest.raises(InputError, match=f"'no' as class 0; got '{names[0]}'"):
            resolved(VALUES, {**pilots, "bob": labelled(*names, schema=None)}, validation)
    resolved(VALUES, {**pilots, "bob": samples(classes=2)}, validation)


def test_labels_that_another_validation_set_has_are_in_common() -> None:
    sets = {"everyday": samples(30, classes=2), "rare": samples(30)}
    only_rare = Samples(samples(40).inputs, np.full(40, 2))
    config = parse(StudyConfig, several(OF_BOTH, size=60))
    pilots = [SetSummary.of(n, one) for n, one in {**PILOTS, "ada": only_rare}.items()]
    study = resolve(config, pilots, [SetSummary.of(name, one) for name, one in sets.items()])
    assert study.foreign_labels == []


def with_names(*names: str) -> Samples:
    return replace(samples(), feature_names=names)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            ("d", "c", "b", "a"),
            "'bob' .*validation set in another order.*'c' and 'd'; got 'd', 'c', 'b' and 'a'.* "
            "feature 1, 'a' in the validation set, 'd' here",
        ),
        (
            ("a", "b", "x", "D "),
            "'bob' has other features than the validation set.*lacks 'c' and 'd' and has "
            r"'x' and 'D ', which the validation set has not \('D ' is 'd'",
        ),
        (("a", "b", "c"), "It lacks 'd'. Rename"),
        (("a", "b", "c", "d", "e"), "It has 'e', which the validation set has not. Rename"),
    ],
)
def test_features_of_other_names_or_in_another_order(names: tuple[str, ...], says: str) -> None:
    expected = with_names("a", "b", "c", "d")
    with pytest.raises(InputError, match=says):
        resolved(VALUES, {**PILOTS, "bob": with_names(*names)}, expected)
    says = says.replace("n set", "n set.*").replace("'bob'", "the validation set 'rare'")
    with pytest.raises(InputError, match=says):
        resolved_on(several(OF_BOTH, size=60), everyday=expected, rare=with_names(*names))


def test_features_of_equal_names_or_none_and_the_identities_as_without() -> None:
    expected = with_names("a", "b", "c", "d")
    named = resolved(VALUES, {**PILOTS, "bob": expected}, expected)
    bare = resolved(VALUES, {**PILOTS, "bob": samples()}, samples())
    assert named.mixture_ids == bare.mixture_ids
    assert named.probes_metadata == bare.probes_metadata
    assert named.results_metadata == bare.results_metadata
    resolved(VALUES, {**PILOTS, "bob": expected}, VALIDATION)


@pytest.mark.parametrize(
    ("asked", "rare", "says"),
    [
        ({"aggregate": {"everyday": 1, "rar": 1}}, VALIDATION, "'rar'; did you mean 'rare'"),
        ({"aggregate": {"everyday": 1}}, VALIDATION, "no weight for rare"),
        ({"aggregate": {"everyday": 1, "rare": -1}}, VALIDATION, "selection.aggregate: .*-1"),
        ({"aggregate": {"everyday": 0, "rare": 0}}, VALIDATION, "not all 0"),
        ({"aggregate": "least"}, VALIDATION, "selection.aggregate: .*'least'"),
        ({}, samples(0), "the validation set 'rare' is empty"),
        ({}, samples(30, width=5), r"'ada' .*\(4,\), the validation set 'rare' \(5,\)"),
        ({}, regression(30, 2), "kind 'classes', the validation set 'rare' 'regression'"),
        ({}, samples(30, classes=1), "the validation set 'rare' hold one class only"),
    ],
)
def test_several_sets_that_cannot_be_used(asked: dict[str, Any], rare: Samples, says: str) -> None:
    with pytest.raises(InputError, match=says):
        resolved_on(several(OF_BOTH, **asked, size=60), everyday=VALIDATION, rare=rare)


@pytest.mark.parametrize("asked", [{"aggregate": "worst"}, {"aggregate": {"validation": 1}}])
def test_an_aggregate_of_one_set_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"selection\.aggregate"):
        resolved(changed("selection", to={"size": 60, **asked}))


def test_an_adaptive_design_is_for_one_set() -> None:
    values = several(OF_BOTH)
    values["probes"] = {"scales": [10, 40], "design": "adaptive"}
    with pytest.raises(InputError, match="validation set; got everyday, rare"):
        resolved_on(values, everyday=VALIDATION, rare=samples(20))


def test_a_set_among_several_has_the_identities_that_it_has_alone() -> None:
    """So that its rows are found, whatever sets come and go; only its name is told."""
    rare = samples(20, seed=4)
    alone = {"everyday": resolved(VALUES), "rare": resolved(VALUES, validation=rare)}
    study = resolved_on(
        several(OF_BOTH, aggregate="worst", size=60), everyday=VALIDATION, rare=rare
    )
    assert [one.set_name for one in study.each] == ["everyday", "rare"]
    for name, one in zip(alone, study.each, strict=True):
        for stamp in ("probes_metadata", "distances_metadata", "results_metadata"):
            found, expected = getattr(one, stamp), getattr(alone[name], stamp)
            assert (found.input_hash, found.validation) == (expected.input_hash, name)
        assert one.wanted_probes() == study.wanted_probes() == alone[name].wanted_probes()
    assert alone["rare"].probes_metadata.validation == "", "as in tables from before sets had names"
    assert study.goal == "worst accuracy"
    assert [one.goal for one in study.each] == ["accuracy on everyday", "accuracy on rare"]


def test_embedded_probes_depend_on_the_set_that_the_embedder_is_fitted_to() -> None:
    values = several(OF_BOTH, size=60)
    values["learner"] = {**VALUES["learner"], "input": "embedded"}
    values["embedder"] = {"name": "standardize"}
    rare = samples(20, seed=4)

    def hashes(everyday: Samples, values: dict[str, Any] = values) -> list[str]:
        study = resolved_on(values, everyday=everyday, rare=rare)
        return [one.probes_metadata.input_hash for one in study.each]

    first, other = hashes(VALIDATION), hashes(samples(30, seed=5))
    assert not set(first) & set(other)
    swapped = resolved_on(values, rare=rare, everyday=VALIDATION).each
    assert swapped[0].probes_metadata.input_hash != first[1]
    alone = resolved({**values, **{k: VALUES[k] for k in ("validation",)}, "validations": {}})
    assert alone.probes_metadata.input_hash == first[0]
    assert (
        hashes(VALIDATION, several(OF_BOTH, size=60))[1]
        == (hashes(samples(30, seed=5), several(OF_BOTH, size=60))[1])
    ), "other learners do not see the embedder"


def test_what_several_sets_are_together_is_in_the_stamp_of_the_plans() -> None:
    sets = {"everyday": VALIDATION, "rare": samples(20, seed=4)}
    asked: list[dict[str, Any]] = [
        {},
        {"aggregate": "worst"},
        {"aggregate": {"everyday": 1, "rare": 2}},
        {"aggregate": {"everyday": 2, "rare": 1}},
    ]
    made = {
        resolved_on(several(OF_BOTH, **one, size=60), **sets).results_metadata.input_hash
        for one in asked
    }
    assert len(made) == len(asked)


def test_a_pilot_smaller_than_the_largest_mixture_asks() -> None:
    with pytest.raises(InputError) as raised:
        resolved(VALUES, {**PILOTS, "bob": samples(25)})
    message = str(raised.value)
    assert "provider 'bob' has revealed 25" in message
    assert "asks 40" in message
    assert "scale is 25" in message
    feasible = changed("probes", "scales", to=[5, 25])
    assert len(resolved(feasible, {**PILOTS, "bob": samples(25)}).wanted_probes()) == 6 * 2 * 2


def test_what_the_message_says_is_asked_is_asked_by_a_mixture_that_is_too_large() -> None:
    """Rounding counts: 1/3 of 10 asks 3 or 4."""
    values = changed("probes", "scales", to=[2, 10])
    del values["probes"]["lattice"]
    values["probes"]["mixtures"] = [{"ada": 1 / 3, "bob": 1 / 3, "cyd": 1 / 3}]
    with pytest.raises(InputError, match=r"'ada' has revealed 3 .* 4 "):
        resolved(values, {**PILOTS, "ada": samples(3)})


def test_the_scale_called_feasible_is_feasible_and_the_next_is_not() -> None:
    values = changed("probes", "mixtures", to=[{"ada": 0.3, "bob": 0.3, "cyd": 0.4}])
    del values["probes"]["lattice"]
    values["probes"]["scales"] = [2, 100]
    pilots = {"ada": samples(10), "bob": samples(11), "cyd": samples(13)}
    with pytest.raises(InputError) as raised:
        resolved(values, pilots)
    feasible = int(str(raised.value).split("largest feasible scale is ")[1].split(";")[0])
    values["probes"]["scales"] = [2, feasible]
    resolved(values, pilots)


def test_replacement_allows_a_small_pilot() -> None:
    values = changed("probes", "replacement", to=True)
    assert resolved(values, {**PILOTS, "bob": samples(25)}).names == ("ada", "bob", "cyd")


def test_one_scale_is_not_projected_from() -> None:
    values = changed("probes", "scales", to=[40])
    with pytest.raises(InputError, match=r"one scale only, 40; .* 60 "):
        resolved(values).check_projectable()
    for selection in ({"size": 40}, {"size": 60, "projection": "none"}):
        values["selection"] = selection
        resolved(values).check_projectable()
    values["selection"] = {"size": 60, "projection": "eq3"}
    with pytest.raises(InputError, match="'eq3' needs 2"):
        resolved(values)


def test_the_design() -> None:
    study = resolved(changed("probes", "mixtures", to=[{"bob": 1.0}, {"bob": 0.25, "ada": 0.75}]))
    assert len(study.mixtures) == 6 + 1, "a listed mixture that the lattice has counts once"
    np.testing.assert_allclose(study.mixtures.sum(axis=1), 1)
    assert [0.75, 0.25, 0.0] in study.mixtures.tolist()
    assert len(set(study.mixture_ids)) == len(study.mixtures)


@pytest.mark.parametrize(
    ("providers", "count"), [(1, 1), (2, 66), (3, 66), (4, 56), (5, 21), (70, 281)]
)
def test_the_default_design_is_a_lattice_up_to_4_providers_and_linear_in_them_beyond(
    providers: int, count: int
) -> None:
    names = [f"p{i}" for i in range(providers)]
    values = changed("providers", to=[{"name": name} for name in names])
    del values["probes"]["lattice"]
    study = resolved(values, {name: samples(seed=seed) for seed, name in enumerate(names)})
    assert len(study.mixtures) == count


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"design": "lattice"}, 66),
        ({"design": "lattice", "lattice": 3}, 10),
        ({"design": "simplex_centroid"}, 10),
        ({"design": "sobol"}, 13),
        ({"design": "maximin", "n_mixtures": 7}, 7),
        ({"design": "d_optimal", "n_mixtures": 9}, 9),
        ({"n_mixtures": 8}, 8),
        ({"design": "simplex_centroid", "mixtures": [{"ada": 0.3, "cyd": 0.7}]}, 11),
        ({"mixtures": [{"ada": 0.3, "cyd": 0.7}]}, 1),
    ],
)
def test_a_design_by_name(asked: dict, count: int) -> None:
    study = resolved(changed("probes", to={"scales": [10, 40], **asked}))
    assert len(study.mixtures) == len(set(study.mixture_ids)) == count


def test_a_longer_spread_keeps_the_probes_of_a_shorter_one() -> None:
    def wanted(count: int) -> set:
        probes = {"scales": [10, 40], "design": "maximin", "n_mixtures": count}
        study = resolved(changed("probes", to=probes))
        return {probe.key for probe in study.wanted_probes()}

    assert wanted(6) < wanted(15)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"design": "grid"}, "lattice"),
        ({"design": "maximin", "lattice": 4}, "drop one of them"),
        ({"design": "simplex_centroid", "n_mixtures": 4}, "n_mixtures: [0-9]+ applies"),
        ({"lattice": 3, "n_mixtures": 4}, "n_mixtures: [0-9]+ applies"),
        ({"design": "d_optimal", "n_mixtures": 232}, r"can have 1 to 231 mixtures; got 232"),
        ({"design": "maximin", "n_mixtures": 1000}, r"can have 1 to 231 mixtures; got 1000"),
    ],
)
def test_a_design_that_cannot_be_is_refused(asked: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolved(changed("probes", to={"scales": [10, 40], **asked}))


@pytest.mark.parametrize(
    ("predictor", "count"), [("linear", 3), ("quadratic", 6)], ids=["linear", "quadratic"]
)
def test_a_d_optimal_design_serves_the_predictor_that_is_asked_for(
    predictor: str, count: int
) -> None:
    """The least designs that determine them are the lattices of 1 and of 2 levels."""
    values = changed("selection", "predictor", to=predictor)
    values["probes"] = {"scales": [10, 40], "design": "d_optimal", "n_mixtures": count}
    lattice = changed("probes", "lattice", to=1 if predictor == "linear" else 2)
    assert set(resolved(values).mixture_ids) == set(resolved(lattice).mixture_ids)
    values["probes"]["n_mixtures"] = count - 1
    with pytest.raises(InputError, match=f"{count} to 231 mixtures; got {count - 1}"):
        resolved(values)


@pytest.mark.parametrize(
    ("asked", "size"), [({"lattice": 10}, "1,001"), ({"design": "lattice"}, "35")]
)
def test_a_lattice_beyond_4_providers_is_refused_with_its_size_and_what_to_use(
    asked: dict, size: str
) -> None:
    names = [f"p{i}" for i in range(5)]
    values = changed("providers", to=[{"name": name} for name in names])
    values["probes"] = {"scales": [10, 40], **asked}
    pilots = {name: samples(seed=seed) for seed, name in enumerate(names)}
    with pytest.raises(InputError, match=f"{size} mixtures.*maximin .21 .*simplex_centroid .16"):
        resolved(values, pilots)


def test_probes_are_mixtures_by_scales_by_seeds_largest_first() -> None:
    study = resolved(changed("probes", "seeds", to=[3, 5]))
    probes = study.wanted_probes()
    assert len({probe.key for probe in probes}) == len(probes) == 6 * 2 * 2
    assert {probe.seed for probe in probes} == {3, 5}
    assert [probe.size for probe in probes] == [40] * 12 + [10] * 12


def test_sizes_are_those_trained_asked_for_and_bought() -> None:
    assert resolved(changed("projection_sizes", to=[500, 10])).sizes == (10, 40, 60, 500)


# Identities


@given(st.permutations(range(3)))
def test_listing_providers_in_another_order_changes_nothing(order: list[int]) -> None:
    values = changed("providers", to=[VALUES["providers"][i] for i in order])
    shuffled = {name: PILOTS[name] for name in [sorted(PILOTS)[i] for i in order]}
    study, listed = resolved(VALUES), resolved(values, shuffled)
    assert listed.providers == study.providers
    np.testing.assert_array_equal(listed.mixtures, study.mixtures)
    assert listed.wanted_probes() == study.wanted_probes()
    assert listed.probes_metadata == study.probes_metadata
    assert listed.distances_metadata == study.distances_metadata
    assert listed.results_metadata == study.results_metadata


def grown() -> Study:
    """The study with a provider more, whose name sorts between the others'."""
    values = changed("providers", to=[*VALUES["providers"], {"name": "axe"}])
    return resolved(values, {**PILOTS, "axe": samples(seed=7)})


def test_adding_a_provider_keeps_the_identities_of_mixtures_without_it() -> None:
    before, after = resolved(VALUES), grown()
    new = after.names.index("axe")
    without = {
        identity
        for identity, mixture in zip(after.mixture_ids, after.mixtures, strict=True)
        if mixture[new] == 0
    }
    assert without == set(before.mixture_ids)
    assert after.probes_metadata.input_hash == before.probes_metadata.input_hash
    assert after.distances_metadata.input_hash != before.distances_metadata.input_hash


def test_changing_a_pilot_changes_the_identities_of_mixtures_with_it() -> None:
    before = resolved(VALUES)
    labels = np.array(PILOTS["bob"].labels)
    labels[0] = (labels[0] + 1) % 3
    after = resolved(VALUES, {**PILOTS, "bob": Samples(PILOTS["bob"].inputs, labels)})
    for old, new, mixture in zip(
        before.mixture_ids, after.mixture_ids, before.mixtures, strict=True
    ):
        assert (old != new) == (mixture[1] > 0)
    assert after.distances_metadata.input_hash != before.distances_metadata.input_hash


@pytest.mark.parametrize(
    ("change", "stamp"),
    [
        (
            lambda: resolved(changed("learner", "settings", to={"var_smoothing": 1})),
            "probes_metadata",
        ),
        (lambda: resolved(VALUES, validation=samples(30, seed=8)), "probes_metadata"),
        (lambda: resolved(VALUES, validation=samples(30, seed=8)), "distances_metadata"),
        (lambda: resolved(changed("transport", to={"epsilon": 0.2})), "distances_metadata"),
        (lambda: resolved(changed("embedder", to={"name": "standardize"})), "distances_metadata"),
        (lambda: resolved(changed("selection", "size", to=61)), "results_metadata"),
        (lambda: resolved(changed("providers", 0, "required", to=True)), "results_metadata"),
    ],
)
def test_what_determines_rows_changes_their_stamp(change: Callable[[], Study], stamp: str) -> None:
    assert getattr(change(), stamp).input_hash != getattr(resolved(VALUES), stamp).input_hash


@pytest.mark.parametrize(
    "values",
    [
        changed("selection", "size", to=61),
        changed("probes", "seeds", to=3),
        changed("probes", "scales", to=[10, 20, 40]),
        changed("providers", 0, "price", to=9),
        changed("providers", 0, "capacity", to=9),
    ],
)
def test_what_does_not_determine_a_probe_keeps_the_ledgers(values: dict[str, Any]) -> None:
    before, after = resolved(VALUES), resolved(values)
    assert after.probes_metadata == before.probes_metadata
    assert after.distances_metadata == before.distances_metadata
    assert after.mixture_ids == before.mixture_ids


def test_prices_and_capacities_are_in_the_stamp_of_the_results() -> None:
    for key, to in [("price", 9), ("capacity", 9)]:
        after = resolved(changed("providers", 0, key, to=to))
        assert after.results_metadata.input_hash != resolved(VALUES).results_metadata.input_hash


def test_prices_in_tiers() -> None:
    tiers = [{"above_quantity": 10, "price": 1.5}, {"above_quantity": 30, "price": 1}]
    study = resolved(changed("providers", 0, "tiers", to=tiers))
    assert study.providers[0].schedule == ((0, 2), (10, 1.5), (30, 1))
    assert study.results_metadata.input_hash != resolved(VALUES).results_metadata.input_hash
    for wrong, says in [
        (
            [{"above_quantity": 30, "price": 1}, {"above_quantity": 10, "price": 2}],
            r"ascending.*above_quantity \[30, 10",
        ),
        ([{"above_quantity": -5, "price": 1}], "above_quantity"),
        ([{"above_quantity": 5, "price": -1}], "price"),
    ]:
        with pytest.raises(InputError, match=says):
            resolved(changed("providers", 0, "tiers", to=wrong))


def named_numbers(*names: str, schema: SampleSchema | None) -> Samples:
    features = {"label": {"_type": "ClassLabel", "names": list(names)}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    columns = {f"f{i}": column for i, column in enumerate(samples(40).inputs.T)}
    table = pa.table({**columns, "label": np.arange(40) % 2})
    return samples_from_frame(table.replace_schema_metadata(metadata), schema=schema)


def test_files_that_name_one_number_differently_are_refused_where_numbers_are_compared() -> None:
    validation = samples(40)
    one = named_numbers("no", "yes", schema=validation.schema)
    other = named_numbers("yes", "no", schema=validation.schema)
    resolved(VALUES, {"ada": one, "bob": one}, validation)
    with pytest.raises(InputError, match=r"'no' in.*'yes' in"):
        resolved(VALUES, {"ada": one, "bob": other}, validation)
    named = named_numbers("no", "yes", schema=None)
    resolved(VALUES, {"ada": one, "bob": named_numbers("yes", "no", schema=named.schema)}, named)


def test_why_a_feature_is_absent_is_said() -> None:
    columns = {"price": np.arange(40), "f": np.arange(40) / 3, "label": np.arange(40) % 2}
    validation = samples_from_frame(pa.table({**columns, "price": np.arange(40) % 7}))
    pilot = samples_from_frame(pa.table(columns))
    with pytest.raises(InputError, match=r"'price' \(.*identifier\)"):
        resolved(VALUES, {"ada": validation, "bob": pilot}, validation)
    pilot = samples_from_frame(pa.table(columns), schema=validation.schema)
    resolved(VALUES, {"ada": validation, "bob": pilot}, validation)


def test_defaults_hold_for_sources_that_say_nothing_themselves() -> None:
    values = copy.deepcopy(VALUES)
    values["defaults"] = {"label": "cut", "features": ["a", "b"], "image_size": 32}
    values["validation"] = {"path": "v.csv"}
    values["providers"][0]["source"] = {"path": "a.csv", "label": "kind", "image_size": [8, 9]}
    config = parse(StudyConfig, values)
    validation = config.validation_sources["validation"]
    assert (validation.label, validation.features) == ("cut", ("a", "b"))
    assert validation.image_shape == (32, 32)
    assert validation.column_options == []
    ada, bob = (config.pilot_sources[name] for name in ("ada", "bob"))
    assert ada is not None
    assert bob is not None
    assert (ada.label, ada.features, ada.image_shape) == ("kind", ("a", "b"), (8, 9))
    assert ada.column_options == ["label"]
    assert (bob.label, bob.image_shape) == (None, (32, 32))
