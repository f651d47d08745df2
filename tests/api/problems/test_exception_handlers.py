"""Wrong paths and methods."""

import re

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.rendering.params import OverlayParams

JSON = {"Content-Type": "application/json"}


def test_wrong_paths_and_methods_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nope"), 404), (client.patch("/v1/jobs"), 405)):
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "given", "meant"),
    [
        ("POST", "/v1/jobs/", "/v1/jobs"),
        ("GET", "/v1//models", "/v1/models"),
        ("GET", "/V1/Models/", "/v1/models"),
        ("GET", "//v1/jobs/x/overlay/", "/v1/jobs/x/overlay"),
    ],
)
def test_a_path_that_is_merely_written_otherwise_is_named_and_never_redirected(
    client: TestClient, method: str, given: str, meant: str
) -> None:
    """A redirect may lead to plain HTTP, and a client that follows takes its key along."""
    answer = client.request(method, f"http://testserver{given}", follow_redirects=False)
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith(f"do you mean {meant}?")
    assert "do you mean" not in client.get("/nope/").json()["detail"]


def test_half_a_surrogate_pair_is_a_clear_error(client: TestClient) -> None:
    for body in (rb'{"agree": true, "\ud800": 1}', rb'{"agree": true, "note": "\ud800"}'):
        answer = client.post("/v1/jobs/x/feedback", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


@pytest.mark.parametrize("since", ["0.5", "1700000000", "-1", "2026-01-01", "now"])
def test_a_number_is_no_time(client: TestClient, since: str) -> None:
    answer = client.get("/v1/jobs", params={"since": since})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["since"]


@pytest.mark.parametrize(
    ("size", "right"),
    [("2", False), ("15", False), ("16", True), ("99", True), ("99999", True), ("016", False)],
)
def test_the_schema_and_the_server_agree_on_sizes(size: str, right: bool) -> None:
    schema = OverlayParams.model_json_schema()["properties"]["size"]["anyOf"][0]
    assert bool(re.search(schema["pattern"], size)) is right
    if right:
        OverlayParams(size=size)
    else:
        with pytest.raises(ValidationError, match="16 to 99999"):
            OverlayParams(size=size)
