"""The files that a plan is written as: tables, purchase orders, and the mixture for a trainer."""

from collections.abc import Callable

from projektor_ray.errors import nearest
from projektor_ray.explain.results import Results
from projektor_ray.runs import PLAN_FORMATS, TABLE_ENDINGS, PurchaseOrder, plan_text, table_bytes
from projektor_ray.service.problem_details import RefusedError

PLANS = "plans"
ORDER = "purchase-order"
JSON, YAML, TEXT = "application/json", "application/yaml", "text/plain"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": JSON,
    ".yaml": YAML,
    ".txt": TEXT,
}
TRAINER_ENDINGS = {"huggingface": ".json", "megatron-json": ".json", "megatron": ".txt"}
"""Of the files for trainers that are no YAML."""

Content = tuple[str, str, bytes]
"""Name of a file, its media type, and its bytes."""


def _table(kind: str, ending: str) -> Callable[[Results], bytes]:
    def write(results: Results) -> bytes:
        bought = results.bought
        if kind == PLANS:
            return table_bytes(bought.table(), ending)
        return _order(results).content(ending)

    return write


def _trainer(name: str) -> Callable[[Results], bytes]:
    return lambda results: plan_text(_order(results), name).encode()


def _order(results: Results) -> PurchaseOrder:
    return PurchaseOrder.of_plan(results.selected, results.providers)


FILES: dict[str, tuple[str, Callable[[Results], bytes]]] = {
    **{
        f"{kind}{ending}": (ending, _table(kind, ending))
        for kind in (PLANS, ORDER)
        for ending in TABLE_ENDINGS
    },
    **{name: (TRAINER_ENDINGS.get(name, ".yaml"), _trainer(name)) for name in PLAN_FORMATS},
}
"""Ending and writer of each file that can be asked for, by the name that it is asked for by."""


FILE_GROUPS = {
    "Purchase order": [(f"{ORDER}{ending}", ending[1:]) for ending in TABLE_ENDINGS],
    "All plans that are compared": [(f"{PLANS}{ending}", ending[1:]) for ending in TABLE_ENDINGS],
    "Mixture for a trainer": [(name, name) for name in PLAN_FORMATS],
}
"""The forms as a person chooses among them: title → pairs of a form and what it is called there."""


def plan_file(results: Results, form: str) -> Content:
    """A plan as a file.

    Raises
    ------
    RefusedError
        If there is no such form.
    InputError
        If the plan cannot be written in it.
    """
    if form not in FILES:
        hint = nearest(form[:100], FILES)
        raise RefusedError(404, "unknown-format", f"a plan is not written so; {hint}")
    ending, write = FILES[form]
    return f"{form.partition('.')[0]}{ending}", MEDIA_TYPES[ending], write(results)
