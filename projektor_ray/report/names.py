"""Names of models as people read them."""

MODELS = {
    "grouped": "joint law of groups of providers",
    "joint_power": "joint power law",
    "eq3": "Eq. 3",
    "none": "no projection",
    "cs": "center-scaling (Eq. 1)",
    "pq": "pseudo-quadratic (Eq. 2)",
    "gp": "Gaussian process",
    "pseudo_quadratic": "pseudo-quadratic",
    "log_linear_law": "log-linear law",
}


def model_name(name: str) -> str:
    return MODELS.get(name, name)
