"""The page about answering without a server is run, and compared with the server."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cropshield_client import CropShield
from tests.docs.pages import ROOT, blocks

pytestmark = pytest.mark.service
FETCH, ANSWER = blocks(ROOT / "docs/how-to/answer-on-the-device.md", "python")


def run(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("model", ["cropshield_cnn", "resnet18"])
def test_the_files_alone_give_answer_verdict_and_map_of_the_server(
    address: str, leaf_jpeg: bytes, tmp_path: Path, model: str
) -> None:
    (tmp_path / "leaf.jpg").write_bytes(leaf_jpeg)
    run(FETCH.replace("http://127.0.0.1:8000", address).replace("cropshield_cnn", model), tmp_path)
    name, confidence, verdict = run(ANSWER, tmp_path).split()
    with CropShield(address) as client:
        job = client.explain(leaf_jpeg, model=model).job
        heat = np.load(io.BytesIO(client.heatmap(job, format="npy")))
    assert job.result
    assert (name, verdict) == (job.best.class_name, job.result.verdict)
    assert float(confidence) == pytest.approx(job.best.confidence, abs=0.01)
    np.testing.assert_allclose(np.load(tmp_path / "heat.npy"), heat, atol=0.1)  # of bfloat16
