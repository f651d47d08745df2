"""Plain types: what Pydantic writes, without what only makes generated code longer."""

from typing import Any, get_args

from jobs.records.job import State
from jobs.records.options import MethodName, OverlayFormat
from models.cards.class_descriptions import Kind
from pictures.rendering.colormaps import COLORMAPS

Json = dict[str, Any]
_ENUMS = {
    "CauseKind": list(get_args(Kind)),
    "ColormapName": list(COLORMAPS),
    "Method": list(get_args(MethodName)),
    "OverlayFormat": list(get_args(OverlayFormat)),
    "Priority": ["interactive", "bulk"],
    "State": [state.value for state in State],
}
_PATH = {
    "job_id": "Of the job, as answered when it was submitted.",
    "batch_id": "Of the batch, as answered when it was submitted.",
    "model": "Of the model card.",
}
# What clients call them.
_PUBLISHED = {"Calibration": "Doubt", "JobOptions": "Options", "QueuePosition": "Place"}
_SCHEMAS = "#/components/schemas/"
_DATA = {"example", "examples", "default", "value", "enum"}  # not schemas, whatever they hold


def simplify(document: Json) -> Json:
    """A document with named enums, without titles, null parameters and `View` in names."""
    for path in document["paths"].values():
        for operation in path.values():
            _inputs(operation)
    parts = document["components"]
    named = {name: _enum(values) for name, values in _ENUMS.items()}
    schemas = {_short(name): _plain(it) for name, it in parts["schemas"].items()}
    components = parts | {"schemas": dict(sorted((schemas | named).items()))}
    return document | {"paths": _plain(document["paths"]), "components": components}


def _enum(values: list[str]) -> Json:
    """The schema of an enum. Code generators get names for it: without them `gradcam` and
    `gradcam++` would have the same one."""
    names = [value.upper().replace("+", "_PLUS") for value in values]
    return {"type": "string", "enum": values, "x-enum-varnames": names}


def _inputs(operation: Json) -> None:
    """What is sent is left out, never null; header names in the case that people write."""
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without_null(parameter["schema"])
        description = parameter["schema"].get("description") or _PATH.get(parameter["name"], "")
        parameter.setdefault("description", description)
        parameter["schema"].pop("description", None)
        if parameter["in"] == "header":
            parameter["name"] = _header_case(parameter["name"])
    for media in operation.get("requestBody", {}).get("content", {}).values():
        fields = media["schema"].get("properties")
        if fields:
            media["schema"]["properties"] = {name: _field(it) for name, it in fields.items()}


def _field(schema: Json) -> Json:
    """The schema of a form field. A page that tries it out begins with an empty field, which counts
    as none."""
    plain = _without_null(schema)
    is_file = "binary" in (plain.get("format"), plain.get("items", {}).get("format"))
    return plain if is_file or "default" in plain else plain | {"example": ""}


def _header_case(header: str) -> str:
    return header.title() if header.islower() else header


def _without_null(schema: Json) -> Json:
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {name: it for name, it in schema.items() if name != "anyOf"}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**kinds[0], **rest} if len(kinds) == 1 else schema


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return node | {"$ref": _renamed(node["$ref"])}
    plain = {
        name: it if name in _DATA else _plain(it)
        for name, it in node.items()
        if not (name == "title" and isinstance(it, str))
    }
    return _named(_nullable(plain))


def _nullable(schema: Json) -> Json:
    """`type: [string, null]` where that says the same as a choice of two schemas."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) != 1 or len(schema["anyOf"]) != 2 or not isinstance(kinds[0].get("type"), str):
        return schema
    rest = {name: it for name, it in schema.items() if name != "anyOf"}
    return {**kinds[0], **rest, "type": [kinds[0]["type"], "null"]}


def _named(schema: Json) -> Json:
    for name, values in _ENUMS.items():
        if schema.get("enum") == values and schema.get("type") == "string":
            rest = {k: it for k, it in schema.items() if k not in ("enum", "type")}
            return rest | {"$ref": _SCHEMAS + name}
    return schema


def _renamed(reference: str) -> str:
    path, slash, name = reference.rpartition("/")
    return path + slash + _short(name)


def _short(name: str) -> str:
    """`Job` for JobView: clients have no records of their own."""
    return _PUBLISHED.get(name, name.removesuffix("View"))
