"""Clients post photos and poll while workers are killed with -9, Redis is restarted (kill -9 and
TERM in turn), and the API is restarted. Every job that was answered with 202 must then reach one
end, and keep it.
"""

import argparse
import itertools
import random
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from benchmarks.chaos.blows import kill
from benchmarks.chaos.clients import Client
from benchmarks.chaos.ends import settle
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.outcome import Outcome, Plan, facts
from benchmarks.measuring import write


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
    for option in fields(Plan):
        name = "--" + option.name.replace("_", "-")
        parser.add_argument(name, type=type(option.default), default=option.default)
    asked = vars(parser.parse_args())
    seed, keep, plan = asked.pop("seed"), asked.pop("keep"), Plan(**asked)
    with tempfile.TemporaryDirectory(prefix="cropshield-chaos-") as home:
        outcome = run(plan, Path(home), seed)
    table = facts(plan, outcome)
    print("\n".join(f"{name:38} {value}" for name, value in table.items()))
    if keep:
        write("chaos", asked | {"seed": seed}, [table])
    sys.exit(not outcome.is_sound)


if __name__ == "__main__":
    main()
