"""A folder with the files that the documentation's commands name, small enough to run them."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parent.parent.parent
PRICES = {"books": 0.5, "code": 0.2, "web": 0.02}
SMALL = {"lattice": 2, "scales": [20, 80], "seeds": 1}
"""Probes of every study that is run."""


def write_workspace(folder: Path) -> None:
    """Small copies of the examples, pilots, a table of runs, and offers."""
    (folder / "examples").mkdir()
    for path in (ROOT / "examples").glob("*.yaml"):
        study = yaml.safe_load(path.read_text(encoding="utf-8"))
        study["probes"] |= SMALL
        (folder / "examples" / path.name).write_text(yaml.safe_dump(study))
    _write_pilots(folder)
    _write_runs(folder)


def _write_pilots(folder: Path) -> None:
    """Digits as tables: `validation.parquet`, `pilots/alpha.parquet`, `pilots/beta.csv`,
    and `archive.csv` of a new provider."""
    images, digits = load_digits(return_X_y=True, as_frame=True)
    rows = images.assign(label=digits)
    rows[:300].to_parquet(folder / "validation.parquet")
    (folder / "pilots").mkdir()
    rows[300:800].to_parquet(folder / "pilots" / "alpha.parquet")
    rows[1700:].to_csv(folder / "archive.csv", index=False)
    beta = rows[800:1700][rows["label"][800:1700] < 5]
    beta.rename(columns={"label": "class"}).to_csv(folder / "pilots" / "beta.csv", index=False)


def _write_runs(folder: Path) -> None:
    """`runs.csv` of a law with noise, `two_sets.csv`, `offers.csv` and `mixtures.csv`."""
    random = np.random.default_rng(0)
    names = list(PRICES)
    mixtures = random.dirichlet(np.ones(3), size=10).round(3)
    mixtures[:, 2] = (1 - mixtures[:, 0] - mixtures[:, 1]).round(3)
    tables = []
    for size in (500, 2000):
        gain = mixtures @ [0.3, 0.2, 0.0] + 0.05 * np.log(size / 500)
        table = pd.DataFrame(mixtures, columns=names).assign(size=size)
        table["accuracy"] = (0.5 + gain + random.normal(0, 0.004, 10)).round(4)
        table["acc_rare"] = (0.4 + gain[::-1] + random.normal(0, 0.004, 10)).round(4)
        tables.append(table)
    runs = pd.concat(tables)
    runs.drop(columns="acc_rare").to_csv(folder / "runs.csv", index=False)
    runs.to_csv(folder / "two_sets.csv", index=False)
    offers = {"provider": names, "price": PRICES.values(), "capacity": [2000, 5000, 100000]}
    pd.DataFrame(offers).to_csv(folder / "offers.csv", index=False)
    pd.DataFrame(mixtures[:3], columns=names).to_csv(folder / "mixtures.csv", index=False)
