"""Names of models as people read them."""

import re

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
IN_SENTENCES = re.compile(
    r"\b(joint_power|eq3|cs|pq|gp|pseudo_quadratic|log_linear_law|none(?= \d))\b"
)
"""Those that no other word of a sentence is; `none` where its error follows."""


def model_name(name: str) -> str:
    return MODELS.get(name, name)


def named(sentence: str) -> str:
    """A sentence with the names of models as people read them."""
    return IN_SENTENCES.sub(lambda found: MODELS[found[0]], sentence)
