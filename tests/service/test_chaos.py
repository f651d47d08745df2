"""A short bad day: the long one is `make chaos`."""

from pathlib import Path

import pytest

from benchmarks.chaos import Plan, run, table

pytestmark = [pytest.mark.service, pytest.mark.timeout(420)]


def test_nothing_is_lost_whatever_dies(tmp_path: Path) -> None:
    plan = Plan(jobs=80, clients=4, worker_kills=2, redis_restarts=2, api_restarts=1)
    outcome = run(plan, tmp_path)
    assert outcome.is_sound, table(plan, outcome)
    assert outcome.accepted == 80
    assert outcome.ends == {"succeeded": 80}
