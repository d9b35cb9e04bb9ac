"""The report of a table of runs as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from projektor_ray.errors import InputError
from projektor_ray.explain.from_table import results_of_table
from projektor_ray.report.page import render_page
from projektor_ray.runs import Runs
from projektor_ray.selection import PurchasePlans
from projektor_ray.storage.folder import Folder

if TYPE_CHECKING:  # it needs scikit-learn, which is slow to import
    from projektor_ray.runs import ScaleRegressor


def write_report(
    path: str | Path,
    runs: Runs,
    model: "ScaleRegressor",
    plans: PurchasePlans,
    *,
    title: str | None = None,
) -> None:
    """Write the report of a table of runs, one HTML page.

    Parameters
    ----------
    path : of the page; must end in `.html`.
    model : that is fitted to the runs.
    plans : that the model has selected, see `ScaleRegressor.plans`.
    title : of the page; absent: the metric.

    Raises
    ------
    InputError
        If the path does not end in `.html`.
    StorageError
        If it cannot be written; an earlier file stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> share, size = np.tile(np.linspace(0, 1, 6), 2), np.repeat([100, 400], 6)
    >>> accuracy = 0.5 + 0.2 * share + 0.05 * np.log(size / 100)
    >>> table = {"clinic": share, "web": 1 - share, "size": size, "accuracy": accuracy}
    >>> runs = pr.Runs.read(pa.table(table))
    >>> model = pr.ScaleRegressor("eq3", predictor="linear", direction="maximize")
    >>> model = model.fit(runs.features(), runs.values)
    >>> plans = model.plans(pr.PurchaseRequest(size=1000))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pr.write_report(f"{folder}/report.html", runs, model, plans)
    """
    path = Path(path)
    if path.suffix != ".html":
        raise InputError(f"a report is an HTML page; got the path {path}. Let it end in .html")
    results = results_of_table(title or runs.metric, [runs], [model], None, plans)
    Folder(path.absolute().parent).write(path.name, render_page(results).encode())
