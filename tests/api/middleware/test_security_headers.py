"""Headers on every response."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from tests.api.middleware.conftest import Client

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_every_answer_carries_security_headers(client_of: Client) -> None:
    client = client_of()
    for path in ("/v1/models", "/livez", "/nope", "/docs", "/readyz", "/openapi.json"):
        answer = client.get(path)
        for name, value in EVERYWHERE.items():
            assert answer.headers[name] == value, (path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "Server" not in answer.headers


PAGES = ["/", "/docs", "/start", "/problems/too-slow", "/assets/docs/index.html"]


@pytest.mark.parametrize("path", [*PAGES, "/service-worker.js", "/playground/main.js"])
def test_no_page_and_no_worker_runs_what_came_with_it(client_of: Client, path: str) -> None:
    answer = client_of().get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_defect_is_a_problem_with_the_same_headers_and_tells_nothing(home: Path) -> None:
    app = create_app(ApiSettings(home=home, redis_url="unix:///nowhere"))

    @app.get("/v1/broken")
    async def broken() -> None:
        raise KeyError("a secret")

    answer = TestClient(app, raise_server_exceptions=False).get("/v1/broken")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "secret" not in answer.text


def test_other_sites_read_nothing_unless_they_are_named(client_of: Client) -> None:
    page = {"Origin": "https://farm.example"}
    assert "Access-Control-Allow-Origin" not in client_of().get("/livez", headers=page).headers
    client = client_of(cors_origins=("https://farm.example",))
    answer = client.get("/livez", headers=page)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://farm.example"
    assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    asked = page | {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x-api-key,idempotency-key",
    }
    assert client.options("/v1/jobs", headers=asked).status_code == 200
    stranger = {"Origin": "https://evil.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/livez", headers=stranger).headers
