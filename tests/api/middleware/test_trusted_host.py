"""Whom a server without keys answers."""

import pytest

from tests.api.middleware.conftest import Client


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
    for origin in ("https://evil.example", "null", "http://testserver:81", "http://[", "["):
        answer = client.post("/v1/jobs", content=b"x", headers={"Origin": origin})
        assert answer.status_code == 403, origin
        assert answer.json()["type"] == "/problems/wrong-origin"
    own = client.post("/v1/jobs", content=b"x", headers={"Origin": "http://testserver"})
    assert own.json()["type"] == "/problems/store-down"
