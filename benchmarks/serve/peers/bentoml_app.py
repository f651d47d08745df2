"""BentoML: one worker, adaptive batches of up to 16."""

import base64
import subprocess
import sys
from pathlib import Path

import bentoml

from benchmarks.serve.work import BATCH, Work


@bentoml.service(workers=1, traffic={"timeout": 120, "max_concurrency": 1024})
class Leaves:
    def __init__(self) -> None:
        self.work = Work()

    @bentoml.api(route="/", batchable=True, max_batch_size=BATCH, max_latency_ms=60_000)
    def overlays(self, photos: list[Path]) -> list[str]:
        """In base64, since a batch of bytes cannot be sent."""
        made = self.work.overlays([photo.read_bytes() for photo in photos])
        return [base64.b64encode(overlay).decode() for overlay in made]


if __name__ == "__main__":
    command = ["serve", "benchmarks.serve.peers.bentoml_app:Leaves", "--port", sys.argv[1]]
    address = ["--host", "127.0.0.1"]
    subprocess.run([sys.executable, "-m", "bentoml", *command, *address], check=False)
