"""The OpenAPI document: FastAPI's, with problems, examples and headers added."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.language import PARAMETER_SCHEMA
from api.openapi import operations, simplify
from api.openapi.problem_examples import example
from api.openapi.webhooks import WEBHOOKS
from api.problems.http_problems import status_of
from api.schemas.jobs import RawMap
from api.schemas.problems import ProblemView
from jobs.problems import Problem

Json = dict[str, Any]
EXAMPLES = Path(__file__).with_name("examples.json")
_METHODS = {"get", "put", "post", "delete", "patch"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "Needed unless the server listens on this machine alone; "
    "`cropshield keys add` makes one.",
}
_BINARY = {"type": "string", "format": "binary"}
_TEXTS: dict[str, Json] = {
    "text/plain": {"type": "string"},
    "text/csv": {"type": "string"},
    "text/event-stream": {"description": "Events named `job`; `data` is the whole job as JSON."},
}
_ACCEPTED = "Accepted; `Location` says where it is."
_FRAMEWORK = {"HTTPValidationError", "ValidationError"}  # FastAPI's own error bodies


class DescribedApp(FastAPI):
    """A FastAPI application whose `/openapi.json` is made for people and generators."""

    def openapi(self) -> Json:
        """The document, OpenAPI 3.1; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = build_document(super().openapi())
        return self.openapi_schema


def build_document(generated: Json) -> Json:
    """The document of FastAPI with problems, headers, examples and plain types."""
    examples: Json = json.loads(EXAMPLES.read_text("utf-8"))
    schemas = _schemas(generated["components"]["schemas"])
    document = generated | {
        "tags": operations.TAGS,
        "webhooks": WEBHOOKS,
        "security": [{}, {"ApiKey": []}],
        "components": {
            "schemas": schemas,
            "headers": operations.HEADERS,
            "securitySchemes": {"ApiKey": _KEY},
        },
    }
    for route, path in document["paths"].items():
        path.pop("head", None)  # adds nothing to the GET
        for method in _METHODS & set(path):
            shown = examples.get(path[method]["operationId"], {})
            _describe_operation(path[method], shown, guarded=route.startswith("/v1/"))
    return simplify.simplify(document)


def _schemas(generated: Json) -> Json:
    """The components, with those that no route names as its response."""
    ours = {name: it for name, it in generated.items() if name not in _FRAMEWORK}
    for kind in (ProblemView, RawMap):
        schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)  # the document has them as components
        ours[kind.__name__] = schema
    return ours


def _describe_operation(operation: Json, examples: Json, *, guarded: bool) -> None:
    """The responses of an operation: those with an example, then every problem."""
    name = operation["operationId"]
    responses = {k: it for k, it in operation["responses"].items() if k.startswith("2")}
    for status, response in responses.items():
        description = operation["description"].partition("\n\n")[0]
        _describe_response(
            response, _ACCEPTED if status == "202" else description, examples.get(status)
        )
    if guarded:
        operation.setdefault("parameters", []).append(PARAMETER_SCHEMA)
    if "request" in examples:
        operation["requestBody"]["content"]["application/json"]["example"] = examples["request"]
    responses |= _problem_responses(operations.problems_of(name, guarded=guarded))
    for status, response in responses.items():
        refs = {it: _header(it) for it in operations.headers_of(name, status, guarded=guarded)}
        response["headers"] = response.get("headers", {}) | refs
    operation["responses"] = dict(sorted(responses.items()))


def _describe_response(response: Json, description: str, example: Any) -> None:
    if response["description"] == "Successful Response":
        response["description"] = description
    for kind, media in response.get("content", {}).items():
        media.setdefault("schema", _TEXTS.get(kind, _BINARY))
    if example is not None:
        response["content"]["application/json"]["example"] = example


def _problem_responses(problems: list[Problem]) -> Json:
    """One response for each status, with an example of each problem."""
    responses: Json = {}
    for problem in problems:
        shown = {problem.slug: {"summary": problem.title, "value": example(problem)}}
        response = responses.setdefault(str(status_of(problem)), _empty_problem_response())
        response["content"]["application/problem+json"]["examples"] |= shown
        response["description"] = ", or ".join(
            filter(None, [response["description"], problem.title])
        )
    return responses


def _empty_problem_response() -> Json:
    return {
        "description": "",
        "content": {"application/problem+json": {"schema": _PROBLEM, "examples": {}}},
    }


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}
