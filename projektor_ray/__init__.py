"""projektor-ray: how much data to buy from whom, predicted from small pilots.

The method of *Performance Scaling via Optimal Transport* (projektor; Kang, Just, Sahu, Jia; 2023)
as pure functions and immutable values. This package never imports Ray.

The names of `__all__` are public; a name is imported when it is first used. Each room of the
package exports further names for the project's own code.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projektor_ray.data.samples import Samples
    from projektor_ray.report.write import write_report
    from projektor_ray.runs import MixtureRegressor, Offers, Runs, ScaleRegressor
    from projektor_ray.selection import PurchaseRequest, select
    from projektor_ray.study import StudyConfig, open_study, read_study

__version__ = "0.1.0"

__all__ = [
    "MixtureRegressor",
    "Offers",
    "PurchaseRequest",
    "Runs",
    "Samples",
    "ScaleRegressor",
    "StudyConfig",
    "open_study",
    "read_study",
    "select",
    "write_report",
]

_ROOMS = {
    "MixtureRegressor": "runs",
    "Offers": "runs",
    "PurchaseRequest": "selection",
    "Runs": "runs",
    "Samples": "data",
    "ScaleRegressor": "runs",
    "StudyConfig": "study",
    "open_study": "study",
    "read_study": "study",
    "select": "selection",
    "write_report": "report",
}
"""Public name → the room that exports it."""


def __getattr__(name: str) -> Any:
    """Import a public name from its room (PEP 562)."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
