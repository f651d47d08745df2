"""State of a newer version is not touched, older state is served, a cluster is refused."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from cli.serve import private_redis
from jobs.errors import NewerState, RedisCluster
from jobs.redis import keyspace, scripts
from jobs.redis.compatibility import NEWER, check_compatibility
from jobs.redis.connections import connect
from tests.conftest import wait_until_redis_answers
from tests.jobs.conftest import JobHarness
from tests.service.conftest import free_port

SCRIPTS = sorted(
    path.stem for path in Path(scripts.__file__).parent.glob("*.lua") if path.stem != "prelude"
)
STATES, LAST = Path(__file__).parents[2] / "service/states", "0.2.0"
NEXT = keyspace.SCHEMA + 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_touches_what_a_newer_version_has_written(harness: JobHarness, name: str) -> None:
    harness.client.set(keyspace.SCHEMA_KEY, NEXT)
    with pytest.raises(ResponseError, match=f"^{NEWER} {NEXT}"):
        harness.client.eval(scripts.load_script(name), 0, keyspace.PREFIX)
    assert harness.client.keys() == [keyspace.SCHEMA_KEY]


def test_the_error_says_which_schema_it_is_and_which_is_known(harness: JobHarness) -> None:
    check_compatibility(harness.client)
    harness.client.set(keyspace.SCHEMA_KEY, NEXT)
    said = f"schema {NEXT}, of a newer CropShield, and this one knows {keyspace.SCHEMA}"
    calls: list[Callable[[], object]] = [
        harness.enqueue,
        harness.queue.reap,
        lambda: check_compatibility(harness.client),
    ]
    for call in calls:
        with pytest.raises(NewerState, match=said):
            call()


def test_state_without_a_schema_is_served_and_gets_one(harness: JobHarness) -> None:
    job = harness.enqueue()
    assert harness.client.get(keyspace.SCHEMA_KEY) is None
    harness.queue.reap()
    assert harness.client.get(keyspace.SCHEMA_KEY) == str(keyspace.SCHEMA)
    assert [claim.job.id for claim in harness.queue.claim(1)] == [job.id]


def test_a_worker_of_the_last_release_can_read_what_is_recorded_now(harness: JobHarness) -> None:
    """It passes over fields that it does not know, but refuses such options: a new option is to be
    left out of the record while it has its default."""
    state = json.loads((STATES / LAST / "redis.json").read_text("utf-8"))
    job_id = json.loads((STATES / LAST / "ids.json").read_text("utf-8"))["queued"]
    then, now = (
        state[keyspace.JOB + job_id]["value"],
        harness.client.hgetall(keyspace.JOB + harness.enqueue().id),
    )
    assert now.keys() >= then.keys() - {"request_id"}
    assert json.loads(now["options"]).keys() == json.loads(then["options"]).keys()
    for part in ("model", "image"):
        assert json.loads(now[part]).keys() >= json.loads(then[part]).keys()


def test_a_redis_that_does_not_answer_is_not_judged() -> None:
    check_compatibility(Redis(port=9, socket_timeout=1))


@pytest.fixture
def cluster(home: Path) -> Iterator["Redis"]:
    port = next(port for port in iter(free_port, None) if port < 22_000)  # 10,000 more is used too
    socket = private_redis.socket_path(home)
    command = private_redis.command(private_redis.find_server(), home, socket)
    options = ["--port", str(port), "--cluster-enabled", "yes"]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as process:
        client = connect(f"unix://{socket}")
        wait_until_redis_answers(client)
        yield client
        client.close()
        process.terminate()


def test_a_cluster_is_refused_with_the_reason(cluster: "Redis") -> None:
    with pytest.raises(RedisCluster, match="one script changes all of them: give one primary"):
        check_compatibility(cluster)
