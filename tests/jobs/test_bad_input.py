"""Input that cannot be used, in the order of the list that a buyer would run into: from a table
on the command line, and from a study's file. Each is refused, or answered with a warning, in words.
"""

import copy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projektor_ray.cli.app import main
from projektor_ray.errors import InfeasibleError, InputError, TooFewProbesError
from projektor_ray.selection.feasible_set import FeasibleSet
from tests.helpers.studies import VALUES, resolved

NAMES = ["clinic", "crowd", "web"]
WORTH = np.array([0.2, -0.2, 0.1])


def trainings(mixtures: int = 12, sizes: tuple[int, ...] = (250, 1000)) -> pd.DataFrame:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=mixtures)
    parts = [pd.DataFrame(shares, columns=NAMES).assign(size=size) for size in sizes]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(accuracy=0.4 + table[NAMES] @ WORTH + 0.03 * np.log(table["size"]))


def with_shares(**shares: Any) -> pd.DataFrame:
    """The trainings with some shares replaced, the others scaled so that all sum to 1."""
    table = trainings().assign(**shares)
    rest = [name for name in NAMES if name not in shares]
    left = 1 - table[list(shares)].sum(axis=1)
    table[rest] = table[rest].mul(left / table[rest].sum(axis=1), axis=0)
    return table


def said_of(
    table: pd.DataFrame,
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[int, str]:
    """What `projektor` says of a table on one line, and its status."""
    table.to_csv(folder / "runs.csv", index=False)
    verb, *options = command.split()
    monkeypatch.setattr(sys, "argv", ["projektor", verb, str(folder / "runs.csv"), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), " ".join(f"{out} {err}".split())


TOO_FEW = [
    (
        trainings(2),
        "fit",
        "no predictor can be fitted to the finished probes (2 at 250 and 2 at 1,000)",
    ),
    (
        trainings(4),
        "fit --predictor log_linear_law",
        "'log_linear_law' needs at least 5 probes for 3 providers; got 4. Train more mixtures, or "
        "use another predictor: 'gp' would do with 4",
    ),
    (
        trainings(3).assign(distance=[1.0, 1.1, 1.3] * 2),
        "fit --predictor pq",
        "'pq' needs at least 5 probes for 3 providers; got 3. Train more mixtures, or use another "
        "predictor: 'cs' would do with 3",
    ),
    (
        trainings(3),
        "fit --predictor gp",
        "no predictor does with fewer than 4 and without distances",
    ),
    (
        trainings(2),
        "project --at 4000",
        "no predictor can be fitted to the finished probes (2 at 250 and 2 at 1,000): the "
        "predictor 'gp' needs at least 4",
    ),
    (trainings(2), "select --at 4000 --projection joint", "needs at least 6 probes; got 4"),
]
ONE_SCALE = [
    (
        trainings(sizes=(500,)),
        f"{command} --at 4000",
        "all trainings are of size 500, so that nothing tells how the metric grows; predict at "
        "500, or train mixtures at another size, a factor of 4 away, to project to 4,000",
    )
    for command in ("project", "select")
]
UNITS = [
    (
        trainings().assign(accuracy=1.7),
        "fit",
        "lie in 0 … 1; it is 1.7 in row 1 (counted from 1",
    ),
    (
        trainings().assign(accuracy=trainings()["accuracy"] * 100),
        "fit",
        "it is in per cent. Divide it by 100",
    ),
    (
        trainings().rename(columns={"accuracy": "val_loss"}).assign(val_loss=-0.1),
        "fit",
        "is -0.1 in all 24 rows",
    ),
    (
        trainings().rename(columns={"accuracy": "val_loss"}) - [0, 0, 0, 0, 0.5],
        "fit --log",
        "log=True needs a metric above 0",
    ),
]
SIZES = [
    (trainings(), f"{command} --at 100", "100 is below the smallest trained one, 250")
    for command in ("project", "select")
]
COLUMNS = [
    (
        trainings().assign(web=trainings()["web"] + 0.1),
        "fit --providers clinic,crowd,web",
        "shares must sum to 1 (within 1e-06); not so in rows 1, 2, 3, 4, 5 and 19 others (counted "
        "from 1, without the header), the first of which sums to 1.1. A provider's column may be "
        "missing",
    ),
    (trainings().drop(columns="web"), "fit", "clinic, crowd look like shares, but sum to"),
    (
        trainings().drop(columns="web"),
        "fit --providers clinic,crowd,web",
        "the table has no column 'web'; known: clinic, crowd, size, accuracy",
    ),
]
TEXTS = [
    (
        trainings().assign(accuracy=["pending", *trainings()["accuracy"][1:]]),
        "fit",
        "the column 'accuracy' must hold numbers; row 1 (counted from 1, without the header) has "
        "'pending'",
    ),
    (
        trainings().assign(web=["x", "x", "x", *trainings()["web"][3:]]),
        "fit",
        "the column 'web' must hold numbers; row 1 (counted from 1, without the header) has 'x', "
        "and 2 more rows have none",
    ),
]
WANTED = [
    (
        trainings(),
        "select --target 90 --max-size 4000",
        "no plan reaches the target 90: the metric ends at 1. If 90 is in per cent, write 0.9",
    ),
    (trainings(), "select --target -0.1 --max-size 4000", "the metric begins at 0"),
    (
        trainings(),
        "select --at 4000 --aggregate worst",
        "--aggregate applies to several metrics, such as --metric acc_a,acc_b; got accuracy",
    ),
    (
        trainings(),
        "select --at 4000 --aggregate 1 --metric accuracy",
        "--aggregate applies to several metrics, such as --metric acc_a,acc_b; got accuracy",
    ),
]
DEALS = [
    (
        trainings(),
        "select --at 4000 --capacity clinic=100 --capacity crowd=200 --capacity web=300",
        "the capacities cannot be kept: together the providers sell 600 samples, fewer than the "
        "4,000 to buy",
    ),
    (
        trainings(),
        "select --at 4000 --price clinic=1 --price crowd=0.5 --price web=2 --budget 100",
        "the budget of 100 cannot be kept: the cheapest 4,000 samples cost 2,000",
    ),
    (trainings(), "select --at 4000 --price clinic=-1", "price must be 0 or more per sample"),
    (
        trainings(),
        "select --at 4000 --capacity web=-5",
        "provider 'web': capacity must be 0 or more samples, or absent if unlimited; got -5",
    ),
]


@pytest.mark.parametrize(
    ("table", "command", "message"),
    [
        *TOO_FEW,
        (
            trainings().assign(clinic=0.2, crowd=0.3, web=0.5),
            "fit",
            "all 24 rows are of one mixture",
        ),
        *ONE_SCALE,
        *UNITS,
        *SIZES,
        *COLUMNS,
        *TEXTS,
        *WANTED,
        *DEALS,
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_words(
    table: pd.DataFrame,
    command: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = said_of(table, command, tmp_path, monkeypatch, capsys)
    assert status == 2
    assert message in said.split("Error:")[1]


@pytest.mark.parametrize(
    ("table", "command", "note"),
    [
        (with_shares(web=0.2), "fit", "The share of web is the same in all rows"),
        (with_shares(web=0.0), "fit", "No row has any of web, so its effect is unknown."),
        (
            trainings().assign(
                clinic=(1 - trainings()["crowd"]) / 2, web=(1 - trainings()["crowd"]) / 2
            ),
            "fit",
            "The shares of clinic, crowd and web only change together",
        ),
        (trainings().assign(distance=1.3), "fit", "The distance is the same in all rows"),
        (
            trainings().assign(distance=trainings()[NAMES] @ [1, 2, 3]),
            "fit",
            "The distance is a linear function of the shares",
        ),
        (trainings(), "project --at 500", "500 samples lies between trained scales"),
        (trainings(), "select --at 4000", "4,000 samples is 4 times the largest"),
        (trainings(sizes=(500,)), "project --at 500", "500 samples is a trained scale"),
        (trainings(), "select --at 4000 --budget 0", "Buy 4,000 samples for 0.00 (budget 0)"),
    ],
)
def test_what_can_be_used_but_tells_less_is_said(
    table: pd.DataFrame,
    command: str,
    note: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = said_of(table, command, tmp_path, monkeypatch, capsys)
    assert status == 0
    assert note in said


def study(**parts: Any) -> dict[str, Any]:
    values = copy.deepcopy(VALUES)
    for name, part in parts.items():
        values[name] = {**values[name], **part}
    return values


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (
            study(probes={"lattice": 1, "seeds": 1}, selection={"predictor": "pq"}),
            TooFewProbesError,
            r"'pq' needs at least 5 probes at each scale; the study asks for 3: 3 mixtures × 1 "
            r"seeds\. Ask for more: probes.lattice, .*; or use a predictor that does with these",
        ),
        (
            study(probes={"lattice": None, "mixtures": [{"ada": 0.5, "bob": 0.5}]}),
            InputError,
            "the design has one mixture of 3 providers, which does not show",
        ),
        (
            study(probes={"mixtures": [{"ada": 50, "bob": 50}]}),
            InputError,
            "which sums to 100: it is in per cent, divide it by 100",
        ),
        (
            study(selection={"size": 5}),
            InputError,
            "the size to buy, 5, is below the smallest scale, 10, where no probe is trained",
        ),
        (
            study(probes={"scales": [40]}),
            InputError,
            "one scale only, 40; the metric of 60 samples cannot be projected",
        ),
    ],
)
def test_a_study_that_cannot_be_run_is_refused_before_training(
    values: dict[str, Any], error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message):
        _checked(values)


def _checked(values: dict[str, Any]) -> None:
    ready = resolved(values)
    ready.check_fittable()
    ready.check_projectable()


def test_a_purchase_that_a_study_cannot_make_is_refused_before_training() -> None:
    capped = copy.deepcopy(VALUES)
    for provider in capped["providers"]:
        provider.update(capacity=10, price=2)
    ready = resolved(capped)
    with pytest.raises(InfeasibleError, match=r"capacities.*sell 30"):
        FeasibleSet.of(ready.providers, 60)
    with pytest.raises(InfeasibleError, match=r"budget of 1 .*cheapest 20"):
        FeasibleSet.of(ready.providers, 20, 1.0)
