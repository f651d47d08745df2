"""Ray Serve: a proxy, a replica that batches up to 16."""

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Any

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.serve.work import BATCH, Work


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class Leaves:
    def __init__(self) -> None:
        self.work = Work()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=0.005)
    async def overlays(self, photos: list[bytes]) -> list[bytes]:
        return await asyncio.to_thread(self.work.overlays, photos)

    async def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            return Response()
        return Response(await self.overlays(await request.body()), media_type="image/jpeg")


if __name__ == "__main__":
    ray.init(
        num_cpus=max(2, os.cpu_count() or 1),
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.WARNING,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    deployment: Any = Leaves
    serve.run(deployment.bind(), route_prefix="/")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    serve.shutdown()
    ray.shutdown()
