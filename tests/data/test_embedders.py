"""Embedders by name: features, identities, and what is refused."""

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler

from projektor_ray.data import Embedder, EmbedderConfig, Samples, build_embedder, embedder_identity
from projektor_ray.errors import InputError
from projektor_ray.storage.hashing import digest
from projektor_ray.storage.settings import parse
from tests.helpers.learner_data import blobs, frozen, line, stripes

CNN = {"min_steps": 40, "epochs": 0.1, "width": 4, "flip": False}


def embedder(name: str, validation: Samples, **options: Any) -> Embedder:
    return build_embedder(EmbedderConfig(name=name, **options), validation)


def test_identity_flattens() -> None:
    features = blobs().inputs
    np.testing.assert_array_equal(embedder("identity", blobs())(features), features.astype("f4"))
    images = stripes().inputs
    expected = images.reshape(len(images), -1) / np.float32(255)
    found = embedder("identity", stripes())(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_standardize_uses_the_validation_set() -> None:
    validation, pilot = blobs(seed=1), blobs(seed=2)
    expected = StandardScaler().fit(validation.inputs).transform(pilot.inputs)
    np.testing.assert_allclose(
        embedder("standardize", validation)(pilot.inputs), expected, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("constant", [0.0, 1e9 + 0.1, 0.1])
def test_a_constant_column_is_only_centred(constant: float) -> None:
    inputs = np.column_stack([np.full(7, constant), np.arange(7.0)])
    embed = embedder("standardize", Samples(inputs))
    moved = inputs + np.array([3.0, 0.0])
    np.testing.assert_allclose(embed(inputs)[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(embed(moved)[:, 0], 3, rtol=1e-6)


def test_a_column_of_small_numbers_is_not_constant() -> None:
    embed = embedder("standardize", Samples(np.array([[1e-9], [3e-9]])))
    np.testing.assert_allclose(embed(np.array([[1e-9], [3e-9]])), [[-1], [1]], rtol=1e-5)


def test_standardize_refuses_another_width() -> None:
    with pytest.raises(InputError, match="expected samples of 4 features"):
        embedder("standardize", blobs())(np.zeros((2, 3)))


def test_validation_cnn_separates_classes_of_images_it_has_not_seen() -> None:
    validation, train, held_out = (stripes(size=16, seed=seed) for seed in range(3))
    embed = embedder("validation_cnn", validation, settings=CNN)
    features = embed(train.inputs)
    assert features.shape == (48, 16)
    model = NearestCentroid().fit(features, train.labels)
    assert model.score(embed(held_out.inputs), held_out.labels) > 0.9


def test_validation_cnn_is_a_function_of_its_seed() -> None:
    validation, images = stripes(), stripes(seed=1).inputs
    first = embedder("validation_cnn", validation, settings=CNN)
    same = embedder("validation_cnn", validation, settings=CNN)
    other = embedder("validation_cnn", validation, settings=CNN, seed=1)
    np.testing.assert_array_equal(first(images), same(images))
    assert not np.array_equal(first(images), other(images))


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (blobs(), "needs images"),
        (Samples(stripes().inputs), "needs labels"),
        (stripes(classes=(1,)), "two or more classes"),
        (Samples(stripes().inputs, np.arange(48.0)), "two or more classes"),
    ],
)
def test_validation_cnn_needs_images_and_classes(validation: Samples, message: str) -> None:
    with pytest.raises(InputError, match=message):
        embedder("validation_cnn", validation)


def test_validation_cnn_refuses_other_images() -> None:
    embed = embedder("validation_cnn", stripes(), settings={"min_steps": 1, "epochs": 0.1})
    with pytest.raises(InputError, match=r"\(8, 8, 3\)"):
        embed(stripes(size=12).inputs)


@pytest.mark.parametrize("name", ["standardize", "validation_cnn", "resnet18"])
def test_an_embedder_can_be_sent_to_a_worker(name: str) -> None:
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    options = {"settings": CNN} if name == "validation_cnn" else {}
    embed = embedder(name, stripes(size=32), **options)
    expected = embed(stripes(size=32).inputs)
    sent = cloudpickle.loads(cloudpickle.dumps(embed))
    np.testing.assert_array_equal(sent(stripes(size=32).inputs), expected)


def test_an_embedder_of_ones_own() -> None:
    samples = frozen(blobs())
    found = embedder("tests.helpers.custom_embedders:centred", samples, settings={"scale": 2.0})
    expected = 2 * (samples.inputs - samples.inputs.mean(axis=0))
    np.testing.assert_allclose(found(samples.inputs), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_mistake_in_an_embedder_of_ones_own_names_file_and_line(at_once: bool) -> None:
    name = "tests.helpers.custom_embedders:misspelt"
    with pytest.raises(
        InputError,
        match=r"misspelt failed with KeyError: 'skale' \(custom_embedders.py, line \d+: return",
    ) as refused:
        embedder(name, line(), settings={"at_once": at_once})(line().inputs)
    assert isinstance(refused.value.__cause__, KeyError)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value: float) -> None:
    embed = embedder("tests.helpers.custom_embedders:spoiled", line(), settings={"value": value})
    with pytest.raises(InputError, match=r"2 of 60.*\[2, 4\]"):
        embed(line().inputs)


def test_features_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(60, d\); got \(3, 60\)"):
        embedder("tests.helpers.custom_embedders:transposed", line())(line().inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "identiy"}, "did you mean 'identity'"),
        ({"name": "resnet81"}, "did you mean 'resnet18'"),
        ({"name": "identity", "weights": "DEFAULT"}, "takes no weights"),
        ({"name": "standardize", "settings": {"a": 1}}, "takes no settings; got a"),
        ({"name": "resnet18", "settings": {"a": 1}}, "takes no settings; got a"),
        ({"name": "validation_cnn", "settings": {"epoch": 1}}, "did you mean 'epochs'"),
        ({"name": "tests.helpers.custom_embedders:centered"}, "did you mean 'centred'"),
        ({"name": "tests.helpers.costum:f"}, "cannot import"),
    ],
)
def test_what_cannot_be_used_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_embedder(parse(EmbedderConfig, options), stripes())


def test_identity_is_what_determines_the_features() -> None:
    configs = [
        EmbedderConfig(),
        EmbedderConfig(name="standardize"),
        EmbedderConfig(name="validation_cnn"),
        EmbedderConfig(name="validation_cnn", seed=1),
        EmbedderConfig(name="validation_cnn", settings={"width": 8}),
        EmbedderConfig(name="tests.helpers.custom_embedders:centred"),
        EmbedderConfig(name="resnet18"),
        EmbedderConfig(name="resnet18", weights="IMAGENET1K_V1"),
    ]
    assert len({digest(embedder_identity(config)) for config in configs}) == len(configs)
    default = embedder_identity(EmbedderConfig(name="resnet18", weights="DEFAULT"))
    assert default["code"] == embedder_identity(configs[-1])["code"]


def test_every_field_is_documented() -> None:
    assert all(field.description for field in EmbedderConfig.model_fields.values())
