"""The configuration reference, from the pydantic models of a study."""

from collections.abc import Iterator, Mapping
from typing import Any

from projektor_ray.study import StudyConfig

Schema = Mapping[str, Any]
TYPES = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "object": "keys with values",
    "array": "list",
}
BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def configuration() -> str:
    """A section per part of the study file, each with a table of its keys."""
    schema = StudyConfig.model_json_schema()
    parts = {**schema["$defs"], schema["title"]: schema}
    places: dict[str, list[str]] = {}
    for title, place in _places(schema["title"], "", parts):
        places.setdefault(title, []).append(place)
    sections = [_section(title, places[title], parts) for title in places]
    return "\n\n".join(sections) + "\n"


def _places(title: str, place: str, parts: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    """Every part of the file and where it stands, such as `providers[].tiers[]`."""
    yield title, place
    for key, value in parts[title]["properties"].items():
        for inner, brackets in _references(value):
            yield from _places(inner, f"{place}.{key}{brackets}".lstrip("."), parts)


def _references(value: Schema, brackets: str = "") -> Iterator[tuple[str, str]]:
    """Titles of the parts that a value consists of, with `[]` for an item and `{}` for a name."""
    if "$ref" in value:
        yield _title(value), brackets
    for choice in value.get("anyOf", ()):
        yield from _references(choice, brackets)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(value.get(key), dict):
            yield from _references(value[key], mark)


def _title(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _section(title: str, places: list[str], parts: Mapping[str, Schema]) -> str:
    schema = parts[title]
    heading = ", ".join(f"`{place}`" for place in places) if places[0] else "The study file"
    rows = [
        f"| `{key}` | {_type(value)} | {_default(key, schema)} | {_description(value, parts)} |"
        for key, value in schema["properties"].items()
    ]
    return "\n".join(
        [
            f"(config-{title})=\n## {heading}\n\n{_first_paragraph(schema)}\n",
            "| key | value | default | description |\n|---|---|---|---|",
            *rows,
        ]
    )


def _description(value: Schema, parts: Mapping[str, Schema]) -> str:
    """Of a value; where it says none, of the part that it consists of."""
    if "description" in value or "$ref" not in value:
        return _first_paragraph(value)
    return _first_paragraph(parts[_title(value)])


def _first_paragraph(schema: Schema) -> str:
    text = str(schema.get("description", "")).split("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")


def _type(value: Schema) -> str:
    """What a value may be, in words."""
    if "$ref" in value:
        return f"[keys](#config-{_title(value)})"
    if "anyOf" in value:
        kinds = [_type(one) for one in value["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = TYPES[value["type"]] if "type" in value else "any value"
    items, named = value.get("items"), value.get("additionalProperties")
    if isinstance(items, dict) and items:
        kind = f"list of: {_type(items)}"
    elif isinstance(named, dict) and named:
        kind = f"names with: {_type(named)}"
    bounds = [says.format(value[key]) for key, says in BOUNDS.items() if key in value]
    return ", ".join([kind, *bounds])


def _default(key: str, parent: Schema) -> str:
    if key in parent.get("required", ()):
        return "required"
    default = parent["properties"][key].get("default")
    if default in (None, [], {}, ""):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
