"""Captions of the figures of the page: what is drawn, and how to read it."""

from projektor_ray.explain import text_tables
from projektor_ray.explain.formatting import significant
from projektor_ray.explain.results import NEEDED, Results

PROFILES_CAPTION = (
    "Each pilot compared with the validation set; ranges in brackets are 90% intervals. "
    "Without it: change of the metric if the best plan without the provider is bought; "
    f"{NEEDED}: no plan meets the constraints without the provider. "
    "Distance: optimal-transport distance to the validation set, in units of the mean feature "
    "cost. Outliers: samples unlike all validation samples. Duplicates: near-copies within the "
    "pilot. Least valuable rows: rows of the pilot, counted from 0, to inspect first."
)


def mixture_caption(results: Results) -> str:
    """Of the triangle of three providers, or of the bars of any other number."""
    if results.surface is None:
        return "Shares of the providers in each plan. The largest share of the plan comes first."
    return (
        f"Predicted {results.metric_label} of every mixture at {results.selected.size:,} samples. "
        "Dots are trained mixtures; predictions far from all dots are uncertain."
    )


def marginal_value_caption(results: Results) -> str:
    """Of the marginal values of the providers."""
    return (
        f"Samples bought {results.instead}, to first order. More samples of a provider can harm "
        f"where they dilute better ones.{text_tables.minus_is_better(results)}"
    )


def fit_caption(results: Results) -> str:
    """Of predictions against trained metrics."""
    return (
        f"Mean absolute error {significant(results.cross_validation.error)}. A perfect model would "
        "differ from the line only by the noise of the trainings."
    )
