"""How the report and the page of the service turn sentences and templates into HTML."""

import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from projektor_ray.errors import printable
from projektor_ray.explain.facts import TextTable

TARGET_MISSING = "Type the target to reach, then the page shows the cheapest plan."
"""What the service's page says where a target is asked for and none is given yet."""
SHARED = "projektor_ray.report"
"""The package whose templates all pages share."""


def page_environment(package: str) -> Environment:
    """The templates of a package, and the shared ones; all text is escaped."""
    names = dict.fromkeys((package, SHARED))
    top = files("projektor_ray")
    folders = [str(top.joinpath(f"{name.rpartition('.')[2]}/templates")) for name in names]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.finalize = _visible
    environment.filters.update(
        sentence=sentence, unbroken=unbroken, caption_sentences=caption_sentences
    )
    return environment


def _visible(value: Any) -> Any:
    """What a template shows, without control characters and those that reorder text."""
    if isinstance(value, Markup):
        return Markup(printable(value))
    return printable(value) if isinstance(value, str) else value


def sentence(text: str) -> Markup:
    """A text with a capital at its beginning and a full stop at its end; `settings` as code."""
    whole = text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", ":")) else ".")
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(whole))))


def caption_sentences(table: TextTable) -> list[tuple[str, bool]]:
    """The sentences of a table's caption, and whether each explains a column that a narrow screen
    leaves out, as `80% range: …` does.
    """
    optional = {heading.lower() for heading in table.optional}
    parts = re.split(r"(?<=\.) (?=[A-Z]|\d+% )", table.caption)
    return [(part, part.partition(":")[0].lower() in optional) for part in parts if part]


def unbroken(text: str) -> Markup:
    """A text whose intervals, such as `(90%: 0.81…0.97)`, stay on one line."""
    marked = re.sub(r"\(?(?:90%: )?[^\s(]+…[^\s)]+\)?", r"<em>\g<0></em>", str(escape(text)))
    return Markup(marked)
