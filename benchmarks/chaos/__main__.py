"""Clients post photos and poll while workers are killed with -9, Redis is restarted (kill -9 and
TERM in turn), and the API is restarted. Every job that was answered with 202 must then reach one
end, and keep it. With `--sentinel` Redis alone is killed, a primary with two replicas and three
Sentinels, and workers only sleep.
"""

import argparse
import itertools
import random
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmarks.chaos import failovers
from benchmarks.chaos.blows import kill
from benchmarks.chaos.clients import Client
from benchmarks.chaos.ends import settle
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.outcome import Outcome, Plan, facts
from benchmarks.common.measuring import write


def run(plan: Plan, home: Path, seed: int = 0) -> Outcome:
    """Do it all; the outcome is complete when every accepted job was looked at."""
    outcome, installation = Outcome(), Installation(home, plan.workers)
    try:
        installation.start()
        share = plan.jobs // plan.clients
        port = installation.port
        clients = [Client(port, share, seed + i, outcome) for i in range(plan.clients)]
        for client in clients:
            client.start()
        watchers = kill(plan, installation, random.Random(seed), outcome)
        for thread in (*clients, *watchers):
            thread.join()
        ids = list(itertools.chain.from_iterable(client.ids for client in clients))
        settle(ids, port, outcome)
    finally:
        installation.stop()
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    parser.add_argument("--sentinel", action="store_true", help="kill the primary of a group")
    name, kind = ("chaos-sentinel", failovers.Plan) if "--sentinel" in sys.argv else ("chaos", Plan)
    for option in fields(kind):
        flag = "--" + option.name.replace("_", "-")
        parser.add_argument(flag, type=type(option.default), default=option.default)
    asked = vars(parser.parse_args())
    seed, keep = asked.pop("seed"), asked.pop("keep")
    asked.pop("sentinel")
    with tempfile.TemporaryDirectory(prefix="cropshield-chaos-") as home:
        table, is_sound = _run(kind(**asked), Path(home), seed)
    print("\n".join(f"{name:38} {value}" for name, value in table.items()))
    if keep:
        write(name, asked | {"seed": seed}, [table])
    sys.exit(not is_sound)


def _run(plan: Plan | failovers.Plan, home: Path, seed: int) -> tuple[dict[str, Any], bool]:
    """What was seen, line by line, and whether it is as it should be."""
    if isinstance(plan, failovers.Plan):
        outcome = failovers.run(plan, home)
        return failovers.facts(plan, outcome), outcome.is_sound
    outcome = run(plan, home, seed)
    return facts(plan, outcome), outcome.is_sound


if __name__ == "__main__":
    main()
