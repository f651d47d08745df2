"""Headers on every answer, and whom a server without keys answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings

Client = Callable[..., TestClient]
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def client_of(home: Path) -> Client:
    """Of a server with these settings; nothing here needs a Redis."""

    def make(**settings: Any) -> TestClient:
        app = create_app(ApiSettings(home=home, redis_url="unix:///nowhere", **settings))
        return TestClient(app, raise_server_exceptions=False)

    return make


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


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost", "192.168.1.5"])
def test_without_keys_a_server_answers_to_addresses_and_localhost(
    client_of: Client, host: str
) -> None:
    assert client_of().get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "local"])
def test_a_name_that_was_made_to_point_here_is_refused(client_of: Client, host: str) -> None:
    answer = client_of(allowed_hosts=("leaf.example",)).get("/v1/models", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["type"] == "/problems/wrong-host"


def test_a_name_of_ones_own_can_be_allowed(client_of: Client) -> None:
    client = client_of(allowed_hosts=("leaf.example",))
    assert client.get("/v1/models", headers={"Host": "leaf.example:8000"}).status_code == 200


def test_with_keys_any_name_does_unless_some_are_named(client_of: Client) -> None:
    other = {"Host": "leaf.example"}
    assert client_of(keys="on", allowed_hosts=()).get("/livez", headers=other).status_code == 200
    refused = client_of(keys="on", allowed_hosts=("a.example",)).get("/livez", headers=other)
    assert refused.status_code == 421


def test_a_page_of_another_site_changes_nothing(client_of: Client) -> None:
    client = client_of()
    for origin in ("https://evil.example", "null", "http://testserver:81"):
        answer = client.post("/v1/jobs", content=b"x", headers={"Origin": origin})
        assert answer.status_code == 403, origin
        assert answer.json()["type"] == "/problems/wrong-origin"
    own = client.post("/v1/jobs", content=b"x", headers={"Origin": "http://testserver"})
    assert own.json()["type"] == "/problems/store-down"


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
