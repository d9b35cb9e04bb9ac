"""Every predictor by the name that configuration and tables use."""

import pyarrow as pa

from projektor_ray.errors import InputError, nearest
from projektor_ray.predictors.center_scaling import CenterScaling
from projektor_ray.predictors.ensemble import Ensemble
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.predictors.log_linear_law import LogLinearLaw
from projektor_ray.predictors.polynomial import Linear, PseudoQuadratic, Quadratic
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.pseudo_quadratic_transport import PseudoQuadraticTransport
from projektor_ray.predictors.rational import Rational
from projektor_ray.predictors.shapley import LeaveOneOut, Shapley
from projektor_ray.storage.one_row import the_row

PREDICTORS: dict[str, type[Predictor]] = {
    kind.name: kind
    for kind in (
        CenterScaling,
        PseudoQuadraticTransport,
        GaussianProcess,
        Linear,
        PseudoQuadratic,
        Quadratic,
        Rational,
        LeaveOneOut,
        Shapley,
        LogLinearLaw,
        Ensemble,
    )
}


def predictor_class(name: str) -> type[Predictor]:
    """The predictor of a name.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    if name not in PREDICTORS:
        raise InputError(f"there is no predictor {name!r}; {nearest(name, PREDICTORS)}")
    return PREDICTORS[name]


def restore(table: pa.Table) -> Predictor:
    """The fitted predictor that `Predictor.to_arrow` wrote.

    Raises
    ------
    InputError
        If the predictor's name is absent or unknown.
    """
    name = the_row(table).get("predictor")
    if name is None:
        raise InputError("expected a fitted predictor with the column 'predictor'; it is absent")
    return predictor_class(name).from_arrow(table)
