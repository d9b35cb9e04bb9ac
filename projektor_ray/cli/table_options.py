"""The options that say which table of trainings is read, and what its columns are."""

from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import typer
from rich.markup import escape

from projektor_ray.cli import terminal
from projektor_ray.cli.number_lists import is_number, numbers
from projektor_ray.errors import InputError
from projektor_ray.runs import Roles, Runs, join_tables, unidentified
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.runs.name_lists import split_names
from projektor_ray.runs.run_sources import read_run_table
from projektor_ray.selection import Direction


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """The table of trainings, and what its columns are."""

    table: Annotated[
        str, typer.Argument(help="A file with a row for each training, or a tool's folder.")
    ]
    join: Annotated[
        str | None, typer.Option(help="A second table with the metric, joined by --key.")
    ] = None
    key: Annotated[
        str | None,
        typer.Option(help="Column that both tables have; else the name of a run, or an index."),
    ] = None
    metric: Annotated[
        str | None, typer.Option(help="Column of the metric; for select alone several, a,b.")
    ] = None
    size: Annotated[
        str | None, typer.Option(help="Column of the sizes, or the one size of all rows.")
    ] = None
    step: Annotated[
        str | None, typer.Option(help="Column of steps, of which each training's last counts.")
    ] = None
    distance: Annotated[str | None, typer.Option(help="Column of distances to validation.")] = None
    providers: Annotated[
        str | None, typer.Option(help="Columns of the mixture, a,b,c; else found by their sums.")
    ] = None
    counts: Annotated[
        bool,
        typer.Option("--counts", help="The mixture is in samples or tokens, not shares."),
    ] = False
    bounds: Annotated[
        str | None,
        typer.Option(help="Range of the metric, such as 0,1; else by the metric's name."),
    ] = None
    log: Annotated[bool, typer.Option("--log", help="Fit the logarithm, as for a loss.")] = False

    def read(self, direction: Direction | None = None) -> Runs:
        """The trainings, of one metric; says what was read, and what they cannot tell.

        Parameters
        ----------
        direction : whether more of the metric is better, if that is said.

        Raises
        ------
        InputError
            If several metrics are named, or the table cannot be read.
        """
        runs, *others = self.read_each(direction)
        if others:
            raise InputError(
                "fit, project and the report of a table are of one metric; got --metric "
                f"{self.metric}. Say one of them, such as --metric '{runs.metric}'; select buys "
                "for several"
            )
        return runs

    def read_each(self, direction: Direction | None = None) -> list[Runs]:
        """The trainings by each metric that is named, a,b."""
        table = self._table()
        names: tuple[str | None, ...] = (None,)
        if self.metric is not None:
            names = split_names(self.metric, table.column_names, "--metric")
        found = [Runs.read(table, self._roles(table, name, direction)) for name in names]
        terminal.read(found)
        for note in unidentified(found[0].mixtures, found[0].providers, found[0].distances):
            terminal.headline("note", escape(note))
        return found

    def read_mixtures(self, source: str, names: tuple[str, ...]) -> Runs:
        """Mixtures of the same providers, without a metric."""
        roles = Roles(names, distance=self.distance, counts=self.counts)
        return Runs.read(source, roles, measured=False)

    def _table(self) -> pa.Table:
        table = read_run_table(self.table)
        if self.join is None:
            return table
        return join_tables(table, read_run_table(self.join), self.key)

    def _roles(self, table: pa.Table, metric: str | None, direction: Direction | None) -> Roles:
        columns = table.column_names
        size: str | float | None = self.size
        if self.size is not None and self.size not in columns and is_number(self.size):
            size = float(self.size)
        return Roles(
            () if self.providers is None else split_names(self.providers, columns, "--providers"),
            metric,
            size,
            self.distance,
            self._range(),
            direction,
            self.counts,
            self.step,
        )

    def _range(self) -> Bounds | None:
        """The metric's bounds, where they are said."""
        if self.bounds is None:
            return None
        said = numbers("--bounds", self.bounds)
        if len(said) != 2 or said[0] >= said[1]:
            raise InputError(
                "--bounds takes the least and the most that the metric can be, such as "
                f"--bounds 0,1; got {self.bounds!r}"
            )
        return said[0], said[1]
