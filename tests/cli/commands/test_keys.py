"""Keys from the command line."""

import pytest
from typer.testing import CliRunner

from benchmarks.chaos.redis_group import RedisGroup
from cli.errors import CommandError
from cli.main import app
from jobs.auth.api_keys import key_id_of
from tests.redis_groups import replicated

__all__ = ["replicated"]

Run = CliRunner()


@pytest.fixture(autouse=True)
def _redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROPSHIELD_REDIS_URL", redis_url)


def test_a_key_is_shown_once_and_listed_by_its_beginning() -> None:
    argv = ["keys", "add", "Ada's phone", "--rate", "60", "--quota", "1000", "--days", "3"]
    secret = Run.invoke(app, argv).stdout.strip()
    key_id = key_id_of(secret)
    assert key_id
    listed = Run.invoke(app, ["keys", "list"]).stdout
    assert secret not in listed
    row = next(line for line in listed.splitlines() if line.startswith(key_id))
    assert "Ada's phone" in row
    assert row.split()[3:5] == ["60", "1000"]


def test_a_revoked_key_is_not_listed() -> None:
    key_id = key_id_of(Run.invoke(app, ["keys", "add", "Ada"]).stdout.strip())
    assert key_id
    assert Run.invoke(app, ["keys", "revoke", key_id]).exit_code == 0
    assert key_id not in Run.invoke(app, ["keys", "list"]).stdout
    failed = Run.invoke(app, ["keys", "revoke", key_id]).exception
    assert isinstance(failed, CommandError)
    assert key_id in str(failed)


def test_a_wrong_name_or_limit_is_said() -> None:
    failed = Run.invoke(app, ["keys", "add", ""]).exception
    assert isinstance(failed, CommandError)
    assert Run.invoke(app, ["keys", "add", "Ada", "--rate", "0"]).exit_code == 2


def test_without_a_redis_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROPSHIELD_REDIS_URL", "unix:///nowhere/redis.sock")
    failed = Run.invoke(app, ["keys", "list"]).exception
    assert isinstance(failed, CommandError)
    assert "/nowhere/redis.sock" in str(failed)


def test_a_key_is_not_said_to_be_revoked_before_a_replica_knows(
    replicated: RedisGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = replicated.ports
    monkeypatch.setenv("CROPSHIELD_REDIS_URL", replicated.url_of(primary))
    monkeypatch.setenv("CROPSHIELD_REDIS_REPLICAS", "1")
    key_id = key_id_of(Run.invoke(app, ["keys", "add", "Ada"]).stdout.strip())
    assert key_id
    replicated.pause(replica)
    revoked = Run.invoke(app, ["keys", "revoke", key_id])
    assert isinstance(revoked.exception, CommandError)
    assert "0 Redis replicas have this; 1 must" in str(revoked.exception)
    assert "is revoked" not in revoked.stdout
    replicated.resume(replica)
