"""An outbox on a real server: whoever sends is killed at the worst moments."""

import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from cropshield_client import CropShield, Outbox
from tests.client.test_real_server import tiny
from tests.service.conftest import START_SECONDS

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]
KILLS = 20
SENDER = """
import sys
from cropshield_client import CropShield, Outbox

with CropShield(sys.argv[1]) as client:
    Outbox(client, sys.argv[2]).send()
"""


class HoldingProxy(ThreadingHTTPServer):
    """In front of the server at `address`. A photo that is new to the server gets no answer: it is
    held on its way there or, if `forwards`, on its way back, and `holds` is set."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = httpx2.Client(base_url=address, timeout=60)
        self.forwards, self.holds, self.known = True, threading.Event(), set[str]()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: HoldingProxy

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_new = self.path not in self.server.known
        if is_new and not self.server.forwards:
            self._hold()
            return
        answer = self.server.upstream.put(self.path, content=body)
        self.server.known.add(self.path)
        if is_new:
            self._hold()
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["content-type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _hold(self) -> None:
        self.server.holds.set()
        self.connection.recv(1)  # until the sender is gone
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def holding_proxy(address: str) -> Iterator[HoldingProxy]:
    with HoldingProxy(address) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
            proxy.upstream.close()


def test_photos_become_one_job_each_though_the_sender_is_killed_twenty_times(
    address: str, tmp_path: Path
) -> None:
    path, reference = tmp_path / "outbox.sqlite", f"killed-{uuid.uuid4()}"
    with CropShield(address) as client, holding_proxy(address) as proxy:
        outbox = Outbox(client, path)
        chosen = [outbox.add(tiny(3000 + it), client_ref=reference).id for it in range(KILLS)]
        for number in range(KILLS):
            proxy.forwards = number % 2 == 0
            proxy.holds.clear()
            with subprocess.Popen([sys.executable, "-c", SENDER, proxy.address, path]) as sender:
                assert proxy.holds.wait(START_SECONDS)
                sender.kill()
            assert sender.returncode == -signal.SIGKILL
            accepted = len(list(client.jobs(client_ref=reference)))
            unaware = accepted + len(outbox.items("waiting")) - KILLS
            assert unaware == proxy.forwards, "the server has one that still waits"
        outbox.send()
        while outbox.items("sent"):
            outbox.receive(wait=25)
        assert [item.id for item in outbox.items("answered")] == chosen
        assert sorted(job.id for job in client.jobs(client_ref=reference)) == sorted(chosen)
