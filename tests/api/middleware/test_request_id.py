"""Request ids."""

import re

from starlette.testclient import TestClient


def test_a_request_id_is_taken_or_made(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "a-1"}).headers["X-Request-ID"] == "a-1"
    made = client.get("/livez", headers={"X-Request-ID": "no spaces"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
