"""Tables as Arrow or JSON: what is accepted, and how much is sent."""

import json
import math
from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.service.problem_details import RefusedError
from projektor_ray.service.table_content import ARROW, JSON, preferred, table_response

TABLE = pa.table({"x": [1.5, math.nan, math.inf], "name": ["a", None, "ü"]})


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", JSON),
        ("*/*", JSON),
        (ARROW, ARROW),
        (f"{JSON}, {ARROW}", JSON),
        (f"{JSON};q=0.5, {ARROW}", ARROW),
        (f"{ARROW};q=0, */*", JSON),
        (f"text/html, {ARROW};q=0.9, */*;q=0.1", ARROW),
    ],
)
def test_the_form_is_the_one_that_is_preferred(accept: str, kind: str) -> None:
    assert preferred(accept) == kind


@pytest.mark.parametrize(
    "accept", ["text/html", f"{JSON};q=0", f"{JSON};q=x", f"{JSON};q=nan", f"{JSON};q=inf", ",;,"]
)
def test_other_forms_are_refused(accept: str) -> None:
    with pytest.raises(RefusedError) as refused:
        preferred(accept)
    assert refused.value.status == 406


@given(st.text(max_size=60))
def test_no_header_breaks_it(accept: str) -> None:
    with suppress(RefusedError):
        assert preferred(accept) in (JSON, ARROW)


def test_json_has_null_for_what_is_no_number() -> None:
    content = json.loads(table_response(TABLE, JSON, 1, 5, 10_000).body)
    assert content["rows"] == [{"x": None, "name": None}, {"x": None, "name": "ü"}]
    assert content["rows_in_all"] == 3


def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(RefusedError, match="limit") as refused:
        table_response(TABLE, JSON, 0, 3, 50)
    assert refused.value.status == 422
