"""Submits in the OpenAPI document: photos and options in a form, or options in the query."""

from collections.abc import Iterable
from typing import Any

from jobs.records.options import JobOptions

BINARY = {"type": "string", "format": "binary"}
_OPTIONS = JobOptions.model_json_schema()["properties"]


def submit_schema(
    field: str, photos: dict[str, Any], raw_types: Iterable[str] = ()
) -> dict[str, Any]:
    """What FastAPI cannot know of a route that reads the body itself, as its `openapi_extra`.

    photos: the schema of the form's `field`. raw_types: those that a photo may have as the body.
    """
    form = {"type": "object", "required": [field], "properties": {field: photos, **_OPTIONS}}
    raw = {kind: {"schema": BINARY} for kind in raw_types}
    return {
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": form}} | raw,
        },
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in _OPTIONS.items()
        ],
    }
