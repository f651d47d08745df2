"""A real S3 server in a process of its own, which keeps its buckets in memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.service.conftest import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Address of the server, once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | KEYS) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _until_it_answers(address)
            yield address
        finally:
            process.terminate()


def make_bucket(address: str, name: str) -> None:
    httpx2.put(f"{address}/{name}", timeout=60).raise_for_status()


def _until_it_answers(address: str) -> None:
    for _ in range(3000):
        try:
            httpx2.get(address, timeout=60)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the test's S3 server did not start")
