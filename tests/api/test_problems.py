"""Wrong paths and methods."""

from starlette.testclient import TestClient


def test_wrong_paths_and_methods_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nope"), 404), (client.patch("/v1/jobs"), 405)):
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["Content-Type"] == "application/problem+json"
