"""Which columns of a table are the label and the inputs, how they were found, what is left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from projektor_ray.data.column_metadata import declared_class_names, index_columns
from projektor_ray.data.images import IMAGE_ENDINGS
from projektor_ray.data.label_copies import label_copies
from projektor_ray.data.open_table import OpenTable
from projektor_ray.data.plain_columns import is_bytes, is_list, is_number, is_text, plain_type
from projektor_ray.data.samples import SampleSchema
from projektor_ray.data.source_config import TargetSetting
from projektor_ray.data.source_reading import LabelRule, LeftOut, Reason
from projektor_ray.errors import InputError, nearest

LABEL_NAMES = ("label", "labels", "target", "targets", "class", "y")
INPUT_NAMES = ("features", "image")
PATH_WORDS = {"image", "img", "file", "filename", "filepath", "path"}
INDEX_NAME = re.compile(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__")
"""What pandas calls an index that it writes next to the columns."""
FEW = 5
"""In fewer rows, whole numbers that all differ say nothing of being an identifier."""
SHOWN = 8

InputKind = Literal["numbers", "lists", "images", "paths", ""]


@dataclass(frozen=True)
class ColumnChoice:
    """The columns that are used.

    Attributes
    ----------
    label : empty where labels are not needed.
    inputs : numeric columns; or one column of lists, encoded images or their paths.
    """

    label: str
    label_rule: LabelRule
    inputs: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def choose_columns(
    table: OpenTable,
    features: str | Sequence[str] | None,
    label: str | None,
    target: TargetSetting,
    schema: SampleSchema | None,
) -> ColumnChoice:
    """The label and the inputs of a table.

    Parameters
    ----------
    features, label, target : as in `SourceConfig`.
    schema : of the validation set, whose columns are used where this table has them.

    Raises
    ------
    InputError
        If a column is absent or of no use, or several could be the label or the inputs.
    """
    listed = _listed_features(table, features)
    candidates = _label_candidates(table, listed or ())
    rule: LabelRule = ""
    name = ""
    if label is not None:
        name, rule = _existing(table, label), "named"
    elif target != "none":
        name, rule = _find_label(table, candidates, schema)
    if listed is not None:
        if name in listed:
            raise InputError(
                f"{table.where}: the label {name!r} is listed under `features` too; a feature that "
                "is the label shows nothing about the learner. Drop it from one of them"
            )
        rest = [n for n in table.names if n not in (*listed, name)]
        return ColumnChoice(name, rule, listed, tuple(LeftOut(n, "not listed") for n in rest))
    inputs, left_out = _find_inputs(table, name, candidates, schema)
    return ColumnChoice(name, rule, inputs, left_out)


def input_kind(field: pa.Field) -> InputKind:
    """What a column's cells are, by its type; texts may be paths."""
    kind = plain_type(field.type)
    if is_number(kind):
        return "numbers"
    if is_bytes(kind):
        return "images"
    if pt.is_struct(kind):
        names = {kind.field(i).name for i in range(kind.num_fields)}
        if "bytes" in names:
            return "images"
        return "lists" if {"indices", "values"} <= names or {"data", "shape"} <= names else ""
    if is_list(kind):
        inner = kind
        while is_list(inner):
            inner = plain_type(inner.value_type)
        return "lists" if is_number(inner) else ""
    return "paths" if is_text(kind) else ""


def _listed_features(
    table: OpenTable, features: str | Sequence[str] | None
) -> tuple[str, ...] | None:
    if features is None:
        return None
    names = (features,) if isinstance(features, str) else tuple(features)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{table.where}: `features` lists {', '.join(map(repr, twice))} more than once"
        )
    return tuple(_existing(table, name) for name in names)


def _existing(table: OpenTable, name: str) -> str:
    if name not in table.names:
        raise InputError(f"{table.where} has no column {name!r}; {nearest(name, table.names)}")
    return name


def _label_candidates(table: OpenTable, features: Sequence[str]) -> list[str]:
    """Columns that may be the label by their name, or since the file names their classes."""
    names = [name for name in table.names if name not in features]
    candidates = [
        name
        for name in names
        if (name.strip().casefold() in LABEL_NAMES and not _is_coordinate(name, table))
        or declared_class_names(table.schema, name)
    ]
    return candidates or [name for name in names if {"label", "target"} & _words(name)]


def _words(name: str) -> set[str]:
    """The words of a column's name, in the singular."""
    parts = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return {part.removesuffix("s") for part in parts}


def _is_coordinate(name: str, table: OpenTable) -> bool:
    """Whether a column `y` stands next to `x` and further columns, as a coordinate does."""
    plain_names = {other.strip().casefold(): other for other in table.names}
    if name.strip().casefold() != "y" or "x" not in plain_names:
        return False
    if input_kind(table.schema.field(plain_names["x"])) != "numbers":
        return False
    return any(other not in ("x", "y") and not INDEX_NAME.fullmatch(other) for other in plain_names)


def _find_label(
    table: OpenTable, candidates: Sequence[str], schema: SampleSchema | None
) -> tuple[str, LabelRule]:
    if schema is not None and schema.label in table.names:
        return schema.label, "as validation"
    if len(candidates) == 1:
        return candidates[0], "only candidate"
    if "label" in candidates:
        return "label", "guessed"
    if candidates:
        raise InputError(
            f"{table.where}: several columns could be the label: "
            f"{', '.join(map(repr, candidates))}. Name one {_as_label(table, candidates[0])}"
        )
    texts = [n for n in table.names if is_text(plain_type(table.schema.field(n).type))]
    hint = " `y` next to `x` may be a coordinate." if {"x", "y"} <= set(table.names) else ""
    raise InputError(
        f"{table.where} has no label column: expected {', '.join(LABEL_NAMES)}; it has "
        f"{_shown(table.names)}.{hint} Name it {_as_label(table, _example(table, texts))}"
        + ("" if table.is_upload else ", or set target: none if the samples have no labels")
    )


def _example(table: OpenTable, texts: Sequence[str]) -> str:
    """A column that may be the label: the first of texts; of an upload's numbers none is."""
    return texts[0] if texts else "COLUMN" if table.is_upload else table.names[0]


def _as_label(table: OpenTable, name: str) -> str:
    """How a person names the column of the labels."""
    if table.is_upload:
        return (
            "as the column of labels, on the page in its field, in a request by the parameter "
            f"?label={quote(name)}"
        )
    return f"in the source, for example label: {name}"


def _find_inputs(
    table: OpenTable, label: str, candidates: Sequence[str], schema: SampleSchema | None
) -> tuple[tuple[str, ...], tuple[LeftOut, ...]]:
    rest = [name for name in table.names if name != label]
    reasons = _reasons(table, rest, candidates)
    kinds = {name: input_kind(table.schema.field(name)) for name in rest}
    if schema is not None and schema.inputs and set(schema.inputs) <= set(rest):
        chosen, other = schema.inputs, "not in validation"
    else:
        chosen, other = _chosen_inputs(table, label, kinds, reasons), "other input"
    taken = set(chosen)
    left_out = [
        LeftOut(name, reasons.get(name) or (other if _is_input(kinds[name]) else "not numeric"))  # type: ignore[arg-type]
        for name in rest
        if name not in taken
    ]
    return chosen, tuple(left_out)


def _is_input(kind: InputKind) -> bool:
    return kind in ("numbers", "lists", "images")


def _reasons(
    table: OpenTable, names: Sequence[str], candidates: Sequence[str]
) -> dict[str, Reason]:
    """Columns that are no features whatever they hold, and why."""
    pandas_index = index_columns(table.schema)
    reasons: dict[str, Reason] = {}
    for name in names:
        if name in pandas_index or INDEX_NAME.fullmatch(name):
            reasons[name] = "index"
        elif name in candidates or (
            {"label", "target"} & _words(name) and not _is_coordinate(name, table)
        ):
            reasons[name] = "second label"
    return reasons


def _chosen_inputs(
    table: OpenTable, label: str, kinds: dict[str, InputKind], reasons: dict[str, Reason]
) -> tuple[str, ...]:
    usable = {name: kind for name, kind in kinds.items() if name not in reasons}
    for name in INPUT_NAMES:
        kind = usable.get(name, "")
        if kind in ("lists", "images") or (kind == "paths" and _holds_paths(table, name)):
            return (name,)
    numbers = [name for name, kind in usable.items() if kind == "numbers"]
    for name in _identifiers(table, numbers):
        reasons[name] = "identifier"
    numbers = [name for name in numbers if name not in reasons]
    for name in label_copies(table, label, numbers) if label else ():
        reasons[name] = "copy of label"
    numbers = [name for name in numbers if name not in reasons]
    wide = [name for name, kind in usable.items() if kind in ("lists", "images")]
    wide += [
        name
        for name, kind in usable.items()
        if kind == "paths" and PATH_WORDS & _words(name) and _holds_paths(table, name)
    ]
    if len(wide) > 1 or (wide and numbers):
        raise InputError(
            f"{table.where}: several columns could be the features: "
            f"{', '.join(map(repr, wide))}{f' or {_shown(numbers)}' if numbers else ''}. "
            + (
                "Send the columns of one kind only, and the label"
                if table.is_upload
                else f"Name them in the source, for example features: {wide[0]}"
            )
        )
    if wide or numbers:
        return tuple(wide or numbers)
    why = "".join(f" {name!r} is left out as {reason}." for name, reason in reasons.items())
    raise InputError(
        f"{table.where} has no feature columns: expected `features` (lists of numbers), `image` "
        f"(encoded images) or numeric columns; it has {_shown(table.names)}.{why} "
        + ("Send such columns" if table.is_upload else "Name them with `features`")
    )


def _identifiers(table: OpenTable, names: Sequence[str]) -> list[str]:
    """Columns of whole numbers that are all different."""
    left = [n for n in names if pt.is_integer(plain_type(table.schema.field(n).type))]
    if table.rows < FEW or not left:
        return []
    seen: dict[str, list[pa.Array]] = {name: [] for name in left}
    for columns in table.batches(left):
        for name, column in zip(left, columns, strict=True):
            if name in seen and pc.count_distinct(column, mode="all").as_py() == len(column):
                seen[name].append(column)
            else:
                seen.pop(name, None)
        if not seen:
            return []
    counts = {
        n: pc.count_distinct(pa.chunked_array(c), mode="all").as_py() for n, c in seen.items()
    }
    return [name for name, count in counts.items() if count == table.rows]


def _holds_paths(table: OpenTable, name: str) -> bool:
    """Whether the first text of a column ends as an image's file does."""
    for (column,) in table.batches([name]):
        first = column.drop_null()[:1].to_pylist()
        if first:
            return str(first[0]).lower().endswith(IMAGE_ENDINGS)
    return False


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
