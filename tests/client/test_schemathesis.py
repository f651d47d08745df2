"""Schemathesis asks a running server what its document allows, and a good deal that it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.service
# What no document can say: whether random bytes are a photo, that numbers are dates, too, and that
# DELETE erases the pictures of a job, whose record stands.
LEFT_OUT = "positive_data_acceptance,negative_data_rejection,use_after_free"
PHASES = "examples,coverage,fuzzing,stateful"
SECONDS = 100


def test_schemathesis_finds_nothing(address: str, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("schemathesis"))
    bounds = ["--phases", PHASES, "--max-examples", "5", "--max-time", str(SECONDS)]
    steady = ["--seed", "1", "--generation-deterministic", "--suppress-health-check", "all"]
    told = ["--continue-on-failure", "--no-color", "--warnings", "off"]
    asked = [program, "run", f"{address}/openapi.json", "--exclude-checks", LEFT_OUT]
    done = subprocess.run(
        [*asked, *bounds, *steady, *told, "--request-timeout", "120"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
