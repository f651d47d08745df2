"""Every operation, also of routes to come, is described well enough to generate a client from."""

import json
import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from api.app import create_app
from api.openapi import operations, problem_examples
from api.openapi.document import EXAMPLES
from api.problems.http_problems import all_problems
from api.settings import ApiSettings
from jobs.records.job import State
from models.catalog import CARDS, Catalog

DOCUMENT: dict[str, Any] = create_app(ApiSettings()).openapi()
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for path in DOCUMENT["paths"].values()
    for operation in path.values()
}
SCHEMAS = DOCUMENT["components"]["schemas"]
VERBS = (
    "follow submit put get list cancel delete is send create give export watch find revoke compare"
)
_JSON, _PROBLEM = "application/json", "application/problem+json"
each_operation = pytest.mark.parametrize("name", OPERATIONS)


def schema_of(reference: dict[str, Any]) -> dict[str, Any]:
    """A schema with the components that it may refer to."""
    return reference | {"components": DOCUMENT["components"]}


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


@each_operation
def test_an_operation_is_named_by_a_verb_and_told_in_prose(name: str) -> None:
    verb, *rest = name.split("_")
    assert verb in VERBS.split(), "name the function as a verb, or add the verb here"
    assert rest
    operation = OPERATIONS[name]
    assert operation["summary"] != name.replace("_", " ").title(), "give it a summary of its own"
    assert operation["description"].endswith((".", "`"))
    (tag,) = operation["tags"]
    assert tag in {told["name"] for told in DOCUMENT["tags"]}


@each_operation
def test_an_operation_names_its_problems_with_an_example_each(name: str) -> None:
    assert name in operations.described_operations(), (
        "add its problems to api/openapi/operations.py"
    )
    refused = {k: it for k, it in OPERATIONS[name]["responses"].items() if k[0] in "45"}
    assert refused
    for status, answer in refused.items():
        assert set(answer["content"]) == {_PROBLEM}
        content = answer["content"][_PROBLEM]
        for shown in content["examples"].values():
            assert shown["value"]["status"] == int(status)
            jsonschema.validate(shown["value"], schema_of(content["schema"]))


def test_every_problem_has_an_example_of_its_own() -> None:
    assert problem_examples.without_example() == [], "add it to api/openapi/problem_examples.py"


def test_no_operation_is_listed_that_does_not_exist() -> None:
    assert operations.described_operations() <= set(OPERATIONS)


@each_operation
def test_what_is_sent_is_told_and_never_null(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", []):
        assert parameter["description"], parameter["name"]
        assert "anyOf" not in parameter["schema"], parameter["name"]


@each_operation
def test_an_answer_says_its_type_and_carries_the_request_id(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        assert "X-Request-ID" in answer["headers"]
        for kind, media in answer.get("content", {}).items():
            assert media.get("schema"), (status, kind)
    assert any(status[0] == "2" for status in OPERATIONS[name]["responses"])


@each_operation
def test_a_json_answer_has_an_example_that_fits_its_schema(name: str) -> None:
    answers = [it for k, it in OPERATIONS[name]["responses"].items() if k[0] == "2"]
    kinds = [it["content"][_JSON] for it in answers if _JSON in it.get("content", {})]
    shown = [kind for kind in kinds if "example" in kind]
    assert shown or not kinds, "add it to tests/client/test_openapi_examples.py"
    for kind in shown:
        jsonschema.validate(kind["example"], schema_of(kind["schema"]))


@each_operation
def test_a_body_is_binary_or_has_an_example(name: str) -> None:
    for kind, media in OPERATIONS[name].get("requestBody", {}).get("content", {}).items():
        if kind == "multipart/form-data":
            assert '"format": "binary"' in str(media["schema"]).replace("'", '"')
        elif kind != "application/json":
            assert media["schema"] == {"type": "string", "format": "binary"}
        if kind == "application/json":
            assert "example" in media or "examples" in media, name


def test_a_null_in_an_answer_is_a_plain_type_or_a_named_schema() -> None:
    noise = [
        kind
        for name, schema in SCHEMAS.items()
        for field in schema.get("properties", {}).values()
        for kind in field.get("anyOf", [])
        if kind != {"type": "null"} and "$ref" not in kind
    ]
    assert noise == []


def test_what_has_few_values_is_an_enum_with_a_name() -> None:
    assert SCHEMAS["State"]["enum"] == [state.value for state in State]
    for option, name in (
        ("colormap", "ColormapName"),
        ("method", "Method"),
        ("priority", "Priority"),
    ):
        assert SCHEMAS["Options"]["properties"][option]["$ref"].endswith(name)


def test_schemas_are_named_as_nouns_that_people_use() -> None:
    assert {"Job", "Problem", "Result", "Model", "Options"} <= set(SCHEMAS)
    assert all(re.fullmatch(r"([A-Z][a-z]+)+", name) for name in SCHEMAS)
    assert not any(name.endswith("View") for name in SCHEMAS)


def test_the_key_is_a_header_that_a_server_on_loopback_does_without() -> None:
    assert DOCUMENT["security"] == [{}, {"ApiKey": []}]
    key = DOCUMENT["components"]["securitySchemes"]["ApiKey"]
    assert (key["in"], key["name"]) == ("header", "X-API-Key")


def test_the_end_of_a_job_is_told_as_a_webhook() -> None:
    sent = DOCUMENT["webhooks"]["job_ended"]["post"]
    assert sent["requestBody"]["content"][_JSON]["schema"]["$ref"].endswith("/Job")
    names = {parameter["name"] for parameter in sent["parameters"]}
    assert names == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_every_problem_is_named_where_it_may_be_answered() -> None:
    refusals = [
        answer["content"][_PROBLEM]["examples"]
        for operation in OPERATIONS.values()
        for status, answer in operation["responses"].items()
        if status[0] in "45"
    ]
    shown = {slug for examples in refusals for slug in examples}
    outside = {"worker-lost", "explain-failed", "method-not-allowed"}  # of jobs, of no operation
    assert {problem.slug for problem in all_problems()} - outside == shown


def test_the_schema_names_every_route_and_upload_type(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert "image/jpeg" in schema["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]
    ids = [way["operationId"] for path in schema["paths"].values() for way in path.values()]
    assert len(ids) == len(set(ids))


def test_the_description_has_the_limits_of_this_very_server() -> None:
    settings = ApiSettings(max_bytes=5_000_000, queue_bound=1234)
    opening = create_app(settings, host="0.0.0.0").openapi()["info"]["description"]  # noqa: S104
    assert "5 MB and" in opening
    assert "1,234 jobs that wait" in opening
    assert "Each request needs a key" in opening
    assert "No key is needed here" in DOCUMENT["info"]["description"]


def test_examples_are_of_the_models_as_they_are_now() -> None:
    """tests/client/test_openapi_examples.py writes them anew."""
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    cards = Catalog(CARDS)
    for shown in examples["list_models"]["200"]:
        card = cards[shown["id"]]
        assert card.doubt is not None
        assert (shown["version"], shown["limits"]) == (card.version, card.limits)
        assert shown["doubt"]["margin"] == card.doubt.margin
    made_by = examples["get_job"]["200"]["model"]
    assert made_by["weights_sha256"] == cards[made_by["id"]].sha256
