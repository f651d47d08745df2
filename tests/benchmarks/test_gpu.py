"""`make bench-gpu`, tried on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

TINY = ["--batches", "1", "4", "--rounds", "1", "--side", "64", "--jobs", "4"]
ON_CPU = ["--device", "cpu", "--architectures", "cropshield_plain", *TINY]
WITHOUT_PYDANTIC = (
    "import runpy, sys; sys.modules['pydantic'] = None; "
    "runpy.run_module('benchmarks.gpu', run_name='__main__', alter_sys=True)"
)


def run(*command: str) -> str:
    one = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=500, env=one
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "gpu.json").read_text())
    return found


def test_a_dry_run_goes_through_all_parts_but_a_gpus_own(tmp_path: Path) -> None:
    said = run("-m", "benchmarks.gpu", *ON_CPU, "--out", str(tmp_path))
    assert "a CPU never halves a batch" in said
    found = result(tmp_path)
    assert found["settings"]["skipped"] == []
    assert {row["part"] for row in found["rows"]} == {"engine", "explainer", "worker"}
    maps = [row["maps_apart"] for row in found["rows"] if row.get("way", "").endswith("form")]
    assert len(maps) == 2
    assert max(maps) < 1e-4


def test_the_first_part_needs_no_more_than_torch_and_says_what_is_missing(tmp_path: Path) -> None:
    said = run("-c", WITHOUT_PYDANTIC, *ON_CPU, "--out", str(tmp_path))
    assert "left out, explainer: pydantic is not installed" in said
    found = result(tmp_path)
    assert {row["part"] for row in found["rows"]} == {"engine"}
    assert len(found["settings"]["skipped"]) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    assert "torch finds no GPU here" in run("-m", "benchmarks.gpu", "--out", str(tmp_path))
    assert not list(tmp_path.iterdir())
