"""A short bad day: the long one is `make chaos`."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.service, pytest.mark.timeout(1200)]
BLOWS = ["--worker-kills", "2", "--redis-restarts", "2", "--api-restarts", "1"]


def chaos(*arguments: str) -> dict[str, str]:
    """What it tells, line by line."""
    command = [sys.executable, "-m", "benchmarks.chaos", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1100)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line[:38].strip(): line[38:].strip() for line in done.stdout.splitlines()}


def test_nothing_is_lost_whatever_dies() -> None:
    told = chaos("--jobs", "80", "--clients", "4", *BLOWS)
    assert told["jobs accepted"] == "80"
    assert told["ends"] == "{'succeeded': 80}"


def test_nothing_is_lost_when_the_primary_of_a_redis_group_is_killed() -> None:
    told = chaos("--sentinel", "--jobs", "40", "--clients", "4", "--primary-kills", "1")
    assert told["jobs accepted"] == "40"
    assert told["ends"] == "{'succeeded': 40}"
    assert told["primaries killed (-9)"] == "1"
    assert (told["lost"], told["with two different ends"]) == ("0", "0")
