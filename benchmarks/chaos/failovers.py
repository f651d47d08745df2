"""The primary of a Redis group is killed again and again, and comes back as a replica, while
clients send photos and look at their jobs.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.ends import settle
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.outcome import Outcome
from benchmarks.chaos.patient_clients import Client, Portions
from benchmarks.chaos.redis_group import RedisGroup, until
from benchmarks.common.ports import free_ports
from cli.serve import private_redis

REPLICAS, SENTINELS = 2, 3
AIM_SECONDS = 10.0


@dataclass(frozen=True)
class Plan:
    """How much work, and how often the primary is killed while it is done."""

    jobs: int = 1000
    clients: int = 8
    primary_kills: int = 5
    workers: int = 2


class WatchedInstallation(Installation):
    """An API and workers that only sleep, on a Redis group that Sentinels watch."""

    def __init__(self, home: Path, workers: int) -> None:
        super().__init__(home, workers)
        ports = free_ports(1 + REPLICAS + SENTINELS)
        servers, sentinels = ports[: 1 + REPLICAS], ports[1 + REPLICAS :]
        self.group = RedisGroup(home, servers, sentinels, private_redis.find_server())
        self.url = self.group.url

    def start(self) -> None:
        self.group.start()
        self.start_service()

    def settings(self) -> dict[str, str]:
        return {"CROPSHIELD_REDIS_URL": self.url, "CROPSHIELD_REDIS_REPLICAS": "1"}

    def command(self, name: str) -> list[str]:
        if name.startswith("worker"):
            return [sys.executable, "-m", "benchmarks.chaos.sleeping_worker"]
        return super().command(name)

    def stop(self) -> None:
        super().stop()
        self.group.stop()


def run(plan: Plan, home: Path) -> Outcome:
    """Do it all; the outcome is complete when every accepted job was looked at."""
    outcome, installation = Outcome(), WatchedInstallation(home, plan.workers)
    portions = Portions(plan.jobs, plan.primary_kills + 1)
    clients = [Client(installation.port, i, portions, outcome) for i in range(plan.clients)]
    try:
        installation.start()
        for client in clients:
            client.start()
        for _ in range(plan.primary_kills):
            portions.wait_for_half()
            outcome.recoveries.append(_fail_over(installation.group, portions))
            portions.release()
        for client in clients:
            client.join()
        settle(portions.accepted, installation.port, outcome)
    finally:
        portions.release_all()
        installation.stop()
    return outcome


def _fail_over(group: RedisGroup, portions: Portions) -> float:
    """Kill the primary; once photos are accepted again, start it as it was, and wait until it is a
    replica. Returns how many seconds no photo was accepted."""
    killed, begun = group.primary(), time.monotonic()
    group.kill(killed)
    until(lambda: portions.accepted_since(begun) is not None, "photos are accepted again")
    group.start_redis(killed)
    until(lambda: group.role(killed) == "slave", "the old primary is a replica")
    until(lambda: group.following(group.primary()) == REPLICAS, "all replicas follow")
    return (portions.accepted_since(begun) or 0.0) - begun


def facts(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """The outcome, line by line."""
    return {
        "jobs accepted": outcome.accepted,
        "ends": dict(outcome.ends),
        "attempts": dict(sorted(outcome.attempts.items())),
        "primaries killed (-9)": plan.primary_kills,
        "photos accepted again after (s)": [round(found, 1) for found in outcome.recoveries],
        "aim (s)": AIM_SECONDS,
        "answers 503": outcome.refused,
        "lost": len(outcome.lost),
        "stuck": len(outcome.stuck),
        "with two different ends": len(outcome.changed),
        "ends seen while primaries died": len(outcome.seen),
        "answers outside the contract": dict(outcome.strange),
        "settled after the last post (s)": round(outcome.settled_seconds, 1),
    }
