"""Factorisations are shared by models of the same probes, and forgotten with them."""

import gc

import numpy as np

from projektor_ray.predictors.spectra import Factorised, Trend
from projektor_ray.projection import SCALE_MODELS
from tests.helpers.predictor_data import accuracy, distance


def test_equal_keys_share_one_factorisation_until_nobody_holds_it() -> None:
    made = []

    def make() -> tuple[Trend, list[np.ndarray]]:
        made.append(1)
        return Trend(np.ones((3, 1))), [np.eye(3)]

    first = Factorised.shared(("test", 1), make)
    assert Factorised.shared(("test", 1), make) is first
    Factorised.shared(("test", 2), make)
    assert len(made) == 2
    del first
    gc.collect()
    Factorised.shared(("test", 1), make)
    assert len(made) == 3


def test_models_of_the_same_probes_share_one_and_other_probes_do_not() -> None:
    mixtures = np.vstack([np.random.default_rng(0).dirichlet(np.ones(3), 12)] * 2)
    sizes = np.repeat([10.0, 40.0], 12)
    values = accuracy(mixtures) + 0.02 * np.log(sizes)
    one = SCALE_MODELS["joint"]().fit(mixtures, distance(mixtures), sizes, values)
    other = SCALE_MODELS["joint"]().fit(mixtures, distance(mixtures), sizes, values**2)
    further = SCALE_MODELS["joint"]().fit(mixtures, 2 * distance(mixtures) + 1, sizes**2, values)
    assert one._factorised is other._factorised
    assert one._factorised is not further._factorised
    assert not np.allclose(one.left_out, other.left_out)
