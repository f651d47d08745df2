"""Which URLs may be called back, as far as it can be told when a photo is submitted."""

import pytest
from pydantic import ValidationError

from jobs.records.options import JobOptions
from jobs.webhooks.url_policy import is_public, refusal_reason


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "8.8.8.8", "172.32.0.1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    host = f"[{address}]" if ":" in address else address
    assert refusal_reason(f"https://{host}/hook", "public") is None


@pytest.mark.parametrize("host", ["10.1.2.3", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_an_address_within_is_refused_at_once(host: str) -> None:
    reason = refusal_reason(f"https://{host}/hook", "public")
    assert reason
    assert "no public address" in reason
    assert refusal_reason(f"https://{host}/hook", "any") is None


def test_http_is_for_ones_own_network_alone() -> None:
    assert refusal_reason("http://example.org/hook", "public") == "it must begin with https://"
    assert refusal_reason("http://example.org/hook", "any") is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("example.org/hook", "must begin with https://"),
        ("ftp://example.org", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("https://", "name a host"),
        ("https://user:secret@example.org", "neither a user"),
        ("https://example.org/#part", "nor a fragment"),
        ("https://example.org/a b", "spaces"),
        ("https://example.org/\r\nX: y", "control characters"),
        ("https://example.org:99999/", "Port out of range"),
        ("https://example.org:0/", "port 0"),
        ("https://[::1/", "Invalid IPv6 URL"),
        ("https://example.org/" + "a" * 2048, "at most 2048"),
    ],
)
def test_what_is_no_plain_url_is_no_option(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        JobOptions(callback_url=url)
