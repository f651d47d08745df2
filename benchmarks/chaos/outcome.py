"""How much is done and killed, and what was seen."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos.installation import LEASE_SECONDS


@dataclass(frozen=True)
class Plan:
    """How much work, and how much is killed while it is done."""

    jobs: int = 2000
    clients: int = 8
    worker_kills: int = 20
    redis_restarts: int = 5
    api_restarts: int = 3
    workers: int = 2
    pause: float = 1.0


@dataclass
class Outcome:
    """What was seen. A sound run has no lost, stuck, changed or strange."""

    accepted: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    hung_up: int = 0
    attempts: Counter[int] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    settled_seconds: float = 0.0
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Jobs as clients saw them end, by id."""

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.stuck or self.changed or self.strange)


def facts(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """The outcome, line by line."""
    return {
        "jobs accepted": outcome.accepted,
        "ends": dict(outcome.ends),
        "attempts": dict(sorted(outcome.attempts.items())),
        "worker kills (-9)": plan.worker_kills,
        "Redis restarts": plan.redis_restarts,
        "API restarts": plan.api_restarts,
        "jobs of a killed worker returned (s)": _span(outcome.recoveries),
        "clients hung up": outcome.hung_up,
        "answers 503": outcome.refused,
        "lost": len(outcome.lost),
        "stuck": len(outcome.stuck),
        "with two different ends": len(outcome.changed),
        "answers outside the contract": dict(outcome.strange),
        "settled after the last post (s)": round(outcome.settled_seconds, 1),
    }


def _span(seconds: list[float]) -> str:
    if not seconds:
        return "none was killed"
    middle = statistics.median(seconds)
    return f"{middle:.1f}, {max(seconds):.1f} at most; two leases are {2 * LEASE_SECONDS:g}"
