"""What is ordered from each provider: samples, unit price, cost, and what else is for sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from projektor_ray.errors import InputError
from projektor_ray.runs.table_files import table_bytes
from projektor_ray.selection import Plan
from projektor_ray.selection.provider import Provider, average_price

ORDER = pa.schema(
    [
        pa.field("provider", pa.string(), nullable=False),
        pa.field("samples", pa.int64(), nullable=False),
        pa.field("unit_price", pa.float64(), nullable=False),
        pa.field("cost", pa.float64(), nullable=False),
        pa.field("order_samples", pa.int64(), nullable=False),
        pa.field("order_cost", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class OrderLine:
    """What is bought of one provider.

    Attributes
    ----------
    samples : to buy, 1 or more.
    cost : of all of them; their unit price is what one costs on average, over all price tiers.
    available : samples that the provider sells at most; None: any number.
    """

    provider: str
    samples: int
    cost: float
    available: int | None

    @property
    def unit_price(self) -> float:
        """Money for one sample, on average."""
        return average_price(self.cost, self.samples)


@dataclass(frozen=True)
class PurchaseOrder:
    """The lines of a plan, of the providers that are bought from, in the plan's order."""

    lines: tuple[OrderLine, ...]

    @staticmethod
    def of_plan(plan: Plan, providers: Sequence[Provider]) -> "PurchaseOrder":
        """The order of a plan.

        Parameters
        ----------
        providers : in the order of the plan's samples, as `PurchasePlans.providers`.

        Raises
        ------
        InputError
            If the plan buys nothing.
        """
        parts = zip(providers, plan.samples.tolist(), plan.costs.tolist(), strict=True)
        lines = [
            OrderLine(one.name, int(samples), float(cost), one.capacity)
            for one, samples, cost in parts
            if samples
        ]
        if not lines:
            raise InputError(
                "the plan buys nothing, so that there is no order; ask for more samples"
            )
        return PurchaseOrder(tuple(lines))

    @property
    def size(self) -> int:
        """Samples in all."""
        return sum(line.samples for line in self.lines)

    @property
    def cost(self) -> float:
        """Money in all, without digits of the addition."""
        return float(sum(Decimal(repr(line.cost)) for line in self.lines))

    @property
    def shares(self) -> dict[str, float]:
        """Parts of the order by provider; they sum to 1."""
        return {line.provider: line.samples / self.size for line in self.lines}

    def table(self) -> pa.Table:
        """A row for each line: provider, samples, unit price, cost, and the totals of the order.

        The totals are columns, not a last row: a sum over the rows counts nothing twice, and a
        program that reads the file takes no total for a provider.
        """
        rows = [
            {
                "provider": line.provider,
                "samples": line.samples,
                "unit_price": line.unit_price,
                "cost": line.cost,
                "order_samples": self.size,
                "order_cost": self.cost,
            }
            for line in self.lines
        ]
        return pa.Table.from_pylist(rows, schema=ORDER)

    def summary(self) -> pa.Table:
        """For persons: samples and cost in all, and what the numbers mean."""
        rows = [
            ("samples in all", f"{self.size:,}"),
            ("cost in all", f"{self.cost:,.2f}"),
            ("unit_price", "money per sample on average, in the currency of the prices given"),
            ("samples", "to buy from each provider, those of its pilot included"),
        ]
        items, values = zip(*rows, strict=True)
        return pa.table({"item": pa.array(items), "value": pa.array(values)})

    def content(self, ending: str) -> bytes:
        """A file of the order, see `table_bytes`; an Excel file has the summary on a second sheet.

        Raises
        ------
        InputError
            If the ending is another one, or Excel's package is not installed.
        """
        return table_bytes(self.table(), ending, self.summary())
