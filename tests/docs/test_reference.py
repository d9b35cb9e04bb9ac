"""The generated references have every key, column and public name, each with a description."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

import projektor_ray
from projektor_ray.data.table_formats import TABLE_FORMATS
from projektor_ray.storage.schemas import SCHEMAS
from projektor_ray.study import StudyConfig


class TableRows(HTMLParser):
    """The texts of the cells of every table row of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.cell = False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.rows[-1][-1] += data


def models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A configuration model and all models that its fields consist of."""
    yield kind
    for field in kind.model_fields.values():
        for inner in parts(field.annotation):
            yield from models(inner)


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from parts(argument)


def test_every_key_of_a_study_has_a_row_with_a_description(site: Path) -> None:
    rows = TableRows(site / "reference/configuration.html").rows
    described = {row[0]: row[3] for row in rows if len(row) == 4}
    for model in models(StudyConfig):
        for key, field in model.model_fields.items():
            assert described[key], f"{model.__name__}.{key}"
            assert field.description or list(parts(field.annotation)), f"{model.__name__}.{key}"


def test_every_column_of_every_table_has_a_row_with_its_description(site: Path) -> None:
    rows = [row for row in TableRows(site / "reference/tables.html").rows if len(row) == 3]
    wanted = [
        [field.name, field.metadata[b"description"].decode()]
        for schema in SCHEMAS.values()
        for field in schema
    ]
    shown = [[row[0], row[2]] for row in rows if row[0] != "column"]
    assert [name for name, _ in shown] == [name for name, _ in wanted]
    assert all(description for _, description in shown)


def test_every_public_name_has_an_entry(site: Path) -> None:
    page = (site / "reference/api.html").read_text(encoding="utf-8")
    for name in projektor_ray.__all__:
        assert f'id="projektor_ray.{name}"' in page, name


def test_every_format_that_is_read_is_in_the_documentation(site: Path) -> None:
    rows = TableRows(site / "reading_data.html").rows
    for one in TABLE_FORMATS:
        assert any(one.name in row[0] and one.endings[0] in row[1] for row in rows if len(row) > 1)
