"""An order has a line for each provider that is bought from, with its average price."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from projektor_ray.data import read_table
from projektor_ray.errors import InputError
from projektor_ray.runs import Offers, ScaleRegressor
from projektor_ray.runs.purchase_order import OrderLine, PurchaseOrder
from projektor_ray.runs.table_files import table_bytes
from projektor_ray.selection import PurchaseRequest


def test_an_order_of_a_plan_with_tiers() -> None:
    """a is best, but sells 600; b sells at 1, after 300 at 0.5; c is worst, and not bought."""
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 14)
    X = pd.DataFrame(shares, columns=["a", "b", "c"])
    y = pd.Series(0.2 + shares @ [0.5, 0.3, 0.0], name="accuracy")
    model = ScaleRegressor("none", predictor="linear").fit(X, y, size=[1000.0] * 14)
    offers = Offers.read(
        pd.DataFrame(
            {
                "provider": ["a", "b", "b", "c"],
                "price": [2.0, 1.0, 0.5, 0.0],
                "above_quantity": [None, None, 300, None],
                "capacity": [600, None, None, None],
            }
        ),
        model.providers_,
    )
    plans = model.plans(PurchaseRequest(1000), offers)
    order = PurchaseOrder.of_plan(plans.selected, plans.providers)
    total = {"order_samples": 1000, "order_cost": 1550.0}
    assert order.table().to_pylist() == [
        {"provider": "a", "samples": 600, "unit_price": 2.0, "cost": 1200.0, **total},
        {"provider": "b", "samples": 400, "unit_price": 0.875, "cost": 350.0, **total},
    ]
    assert (order.size, order.lines[0].available, order.lines[1].available) == (1000, 600, None)
    assert order.shares == {"a": 0.6, "b": 0.4}
    assert sum(line.cost for line in order.lines) == pytest.approx(plans.selected.cost)


def test_an_excel_order_shows_small_prices_and_a_summary_and_is_read_back(tmp_path: Path) -> None:
    tokens = OrderLine("web", 343_707_093, 103.1121279, None)
    order = PurchaseOrder((tokens, OrderLine("wiki", 10, 20.0, None)))
    out = tmp_path / "order.xlsx"
    out.write_bytes(order.content(".xlsx"))
    lines, summary = load_workbook(out)
    assert lines["C2"].value == pytest.approx(3e-7)
    assert lines["C2"].number_format == "0.0000000"
    said = {row[0]: row[1] for row in summary.iter_rows(min_row=2, values_only=True)}
    assert (said["samples in all"], said["cost in all"]) == ("343,707,103", "123.11")
    assert "pilot included" in said["samples"]
    assert read_table(str(out)).to_pylist() == order.table().to_pylist()
    assert order.content(".csv") == table_bytes(order.table(), ".csv")


def test_unit_prices_have_no_digits_of_a_division() -> None:
    noisy = [n for n in range(1, 2000) if round(0.1 * n, 1) / n != 0.1]
    assert noisy, "or there is nothing to see"
    assert {OrderLine("a", n, round(0.1 * n, 1), None).unit_price for n in noisy} == {0.1}


def test_an_order_of_nothing_is_refused() -> None:
    class Nothing:
        samples = np.zeros(2, dtype=np.int64)
        costs = np.zeros(2)

    with pytest.raises(InputError, match="buys nothing"):
        PurchaseOrder.of_plan(Nothing(), Offers.free(["a", "b"]).providers)  # type: ignore[arg-type]


def test_totals_have_no_digits_of_an_addition() -> None:
    tenths = [OrderLine(name, 1, 0.1, None) for name in "abc"]
    assert sum(line.cost for line in tenths) != 0.3, "or there is nothing to see"
    assert PurchaseOrder(tuple(tenths)).cost == 0.3
