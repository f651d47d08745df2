"""`make bench-scale` on a small scale, and what it says is full."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale.loads import Load, what_is_full

EASY = Load(
    jobs_per_second=100.0,
    busy={"redis": 0.1, "api": 0.5, "clients": 0.2, "workers": 0.0},
    cpu_ms={"redis": 0.3, "api": 2.0, "clients": 0.2, "workers": 0.5},
    cores=0.4,
)


def test_a_rate_that_grows_with_the_workers_is_theirs() -> None:
    assert what_is_full(replace(EASY, cores=1.0), alone=105.0) == "the workers"


def test_the_busiest_process_is_named_where_cores_are_left() -> None:
    busy = {"redis": 0.92, "api": 0.97, "clients": 0.2}
    assert what_is_full(replace(EASY, busy=busy), alone=400.0) == "api"


def test_processes_that_share_full_cores_are_not_blamed() -> None:
    busy = {"redis": 0.99, "api": 0.99, "clients": 0.99}
    assert what_is_full(replace(EASY, busy=busy, cores=0.97), alone=400.0) == "the cores"


def test_without_anything_full_they_wait_for_one_another() -> None:
    assert what_is_full(EASY, alone=400.0).startswith("nothing")


@pytest.mark.service
@pytest.mark.parametrize("blobs", ["none", "disk"])
def test_workers_that_sleep_end_the_jobs_of_a_real_api_and_redis(
    blobs: str, tmp_path: Path
) -> None:
    """It measures once a first job has ended, and not before."""
    small = ["--workers", "2", "--blobs", blobs, "--seconds", "1", "--apis", "1"]
    command = [sys.executable, "-m", "benchmarks.scale", *small, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads((tmp_path / "scale.json").read_text())["rows"]
    assert row["failed_requests"] == 0
    assert set(row["cpu_ms"]) == {"redis", "api", "clients", "workers"}
