"""A short bad day: the long one is `make chaos`."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.service, pytest.mark.timeout(420)]
BLOWS = ["--worker-kills", "2", "--redis-restarts", "2", "--api-restarts", "1"]


def test_nothing_is_lost_whatever_dies() -> None:
    command = [sys.executable, "-m", "benchmarks.chaos", "--jobs", "80", "--clients", "4", *BLOWS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {line[:38].strip(): line[38:].strip() for line in done.stdout.splitlines()}
    assert told["jobs accepted"] == "80"
    assert told["ends"] == "{'succeeded': 80}"
