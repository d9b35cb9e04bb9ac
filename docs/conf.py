"""How the documentation is built: `make docs`, or `sphinx-build -W -n docs out/docs`."""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

from generators.configuration import configuration  # noqa: E402
from generators.formats import formats  # noqa: E402
from generators.rooms import rooms  # noqa: E402
from generators.tables import tables  # noqa: E402

import projektor_ray  # noqa: E402
import projektor_ray.service  # noqa: E402 - autodoc would load FastAPI's models twice

project = "projektor-ray"
author = "The projektor-ray authors"
version = release = projektor_ray.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx.ext.mathjax",
]
html_theme = "furo"
html_title = "projektor-ray"
html_static_path = ["static"]
html_css_files = ["tables.css"]
exclude_patterns = ["generated", "generators"]
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_use_ivar = False
napoleon_use_rtype = False

# Types of other libraries, and types that are private to a room, have no page here.
nitpick_ignore_regex = [("py:.*", r"(?!projektor_ray\b).*|projektor_ray(\.\w+){3,}")]

GENERATED = {"configuration": configuration, "formats": formats, "rooms": rooms, "tables": tables}
(DOCS / "generated").mkdir(exist_ok=True)
for _name, _generate in GENERATED.items():
    (DOCS / "generated" / f"{_name}.md").write_text(_generate(), encoding="utf-8")

FIELD = re.compile(r"^(\w[\w, *]*) : (.*)$")
SECTIONS = ("Parameters", "Attributes")


def describe_fields(app, what, name, obj, options, lines) -> None:  # type: ignore[no-untyped-def]
    """Rewrite what this project's docstrings write otherwise than Sphinx reads it.

    A description stands behind `name :`, where numpy's style has the type; types are in the
    annotations. A letter may follow a name in backticks, as in `Fact`s, and |S| is a size.
    """
    described: list[str] = []
    inside = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following and set(following) == {"-"}:
            inside = line in SECTIONS
        found = FIELD.match(line) if inside else None
        parts = [found[1], f"    {found[2]}"] if found else [line]
        parts = [re.sub(r"(?<=\w`)(?=\w)", r"\\ ", part) for part in parts]
        described += [re.sub(r"(`[^`]*`)|\|", lambda m: m[1] or r"\|", part) for part in parts]
    lines[:] = described


def skip_metadata_routing(app, what, name, obj, skip, options):  # type: ignore[no-untyped-def]
    """Leave out `set_fit_request` and its like, which scikit-learn adds to every estimator."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app) -> None:  # type: ignore[no-untyped-def]
    app.connect("autodoc-process-docstring", describe_fields, priority=1)
    app.connect("autodoc-skip-member", skip_metadata_routing)
