"""From FastAPI's document to ours."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.openapi import operations, simplify
from api.openapi.problem_examples import example
from api.openapi.webhooks import WEBHOOKS
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
_FRAMEWORK = {"HTTPValidationError", "ValidationError"}  # answers that FastAPI would give


class DescribedApp(FastAPI):
    """A FastAPI application whose `/openapi.json` is made for people and generators."""

    def openapi(self) -> Json:
        """The document, OpenAPI 3.1; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(super().openapi())
        return self.openapi_schema


def describe(written: Json) -> Json:
    """The document of FastAPI with problems, headers, examples and plain types."""
    examples: Json = json.loads(EXAMPLES.read_text("utf-8"))
    schemas = _schemas(written["components"]["schemas"])
    document = written | {
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
        path.pop("head", None)  # says nothing beside its GET
        for method in _METHODS & set(path):
            shown = examples.get(path[method]["operationId"], {})
            _tell(path[method], shown, guarded=route.startswith("/v1/"))
    return simplify.tidied(document)


def _schemas(written: Json) -> Json:
    """The components, with those that no route answers by its type."""
    ours = {name: it for name, it in written.items() if name not in _FRAMEWORK}
    for kind in (ProblemView, RawMap):
        ours[kind.__name__] = kind.model_json_schema()
    ours["JobView"]["properties"].pop("owner", None)  # kept from the answer
    return ours


def _tell(operation: Json, examples: Json, *, guarded: bool) -> None:
    """The answers of an operation: those with an example, then every problem."""
    name = operation["operationId"]
    answers = {k: it for k, it in operation["responses"].items() if k.startswith("2")}
    for status, answer in answers.items():
        told = operation["description"].partition("\n\n")[0]
        _show(answer, _ACCEPTED if status == "202" else told, examples.get(status))
    if "request" in examples:
        operation["requestBody"]["content"]["application/json"]["example"] = examples["request"]
    answers |= _refusals(operations.problems_of(name, guarded=guarded))
    for status, answer in answers.items():
        refs = {it: _header(it) for it in operations.headers_of(name, status, guarded=guarded)}
        answer["headers"] = answer.get("headers", {}) | refs
    operation["responses"] = dict(sorted(answers.items()))


def _show(answer: Json, told: str, example: Any) -> None:
    if answer["description"] == "Successful Response":
        answer["description"] = told
    for kind, media in answer.get("content", {}).items():
        media.setdefault("schema", _TEXTS.get(kind, _BINARY))
    if example is not None:
        answer["content"]["application/json"]["example"] = example


def _refusals(problems: list[Problem]) -> Json:
    """One answer a status, with an example of each problem."""
    answers: Json = {}
    for problem in problems:
        shown = {problem.slug: {"summary": problem.title, "value": example(problem)}}
        answer = answers.setdefault(str(problem.status), _refusal())
        answer["content"]["application/problem+json"]["examples"] |= shown
        answer["description"] = ", or ".join(filter(None, [answer["description"], problem.title]))
    return answers


def _refusal() -> Json:
    return {
        "description": "",
        "content": {"application/problem+json": {"schema": _PROBLEM, "examples": {}}},
    }


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}
