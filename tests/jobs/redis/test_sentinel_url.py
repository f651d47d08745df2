"""`redis+sentinel://…`: what it means, and what is wrong with one."""

import pytest

from jobs.redis.connections import broker_options, broker_url
from jobs.redis.sentinel_url import SentinelUrl, check_redis_url, read_sentinel_url


def test_a_sentinel_url_names_sentinels_and_the_primary() -> None:
    url = "redis+sentinel://one:26380,two,[::1]:5/leaves"
    sentinels = (("one", 26380), ("two", 26379), ("::1", 5))
    assert read_sentinel_url(url) == SentinelUrl(sentinels, "leaves", "", "")


def test_the_user_of_a_sentinel_url_is_that_of_redis() -> None:
    found = read_sentinel_url("redis+sentinel://ada:a%40b%2Fc@one/leaves")
    assert (found.username, found.password) == ("ada", "a@b/c")
    assert read_sentinel_url("redis+sentinel://:b@one/leaves").password == "b"


def test_the_query_of_a_sentinel_url_is_of_the_sentinels_and_the_second_scheme_of_tls() -> None:
    query = "sentinel_username=eve&sentinel_password=c%26d&ssl_ca_certs=/etc/ca.pem"
    found = read_sentinel_url(f"rediss+sentinel://:b@one/leaves?{query}")
    assert (found.sentinel_username, found.sentinel_password) == ("eve", "c&d")
    assert (found.tls, found.ssl_ca_certs, found.password) == (True, "/etc/ca.pem", "b")
    assert not read_sentinel_url("redis+sentinel://one/leaves").tls


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("redis+sentinel://one:1", "'' is no name"),
        ("redis+sentinel://one:1/leaves/0", "'leaves/0' is no name"),
        ("redis+sentinel://one/leaves?sentinel_pasword=secret", "'sentinel_pasword' is none of"),
        ("redis+sentinel:///leaves", "'' is no host:port"),
        ("redis+sentinel://one:1,,two:1/leaves", "'' is no host:port"),
        ("redis+sentinel://one:many/leaves", "'one:many' is no host:port"),
        ("redis+sentinel://one:99999/leaves", "'one:99999' is no host:port"),
        ("redis+sentinel://:secret@one:1", "'' is no name"),
        ("http://one", "it begins with none of redis://, rediss://, unix://, redis[+]sentinel://"),
    ],
)
def test_a_wrong_sentinel_url_is_told_by_its_part(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as told:
        check_redis_url(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("url", ["redis://a:1/0", "rediss://:b@a", "unix:///run/a.sock"])
def test_urls_of_other_schemes_are_taken_as_they_are(url: str) -> None:
    assert check_redis_url(url) == url
    assert broker_options(url) == {}


def test_celery_gets_a_sentinel_url_in_its_own_form() -> None:
    url = "redis+sentinel://:a%40b@one:1,[::1]:5/leaves"
    assert broker_url(url) == "sentinel://:a%40b@one:1/0;sentinel://:a%40b@[::1]:5/0"
    assert broker_options(url)["master_name"] == "leaves"
