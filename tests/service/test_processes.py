"""Several API processes on one port, several workers under one `serve`."""

import signal
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.service.conftest import START_SECONDS, Service, until
from tests.service.test_serve import serving, until_said

pytestmark = pytest.mark.service


def api_processes(parent: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(parent).children() if _serves(child)]


def _serves(process: psutil.Process) -> bool:
    try:
        return "--socket" in process.cmdline()
    except psutil.Error:  # it has just died
        return False


def is_alive(service: Service) -> bool:
    try:
        return httpx2.get(f"{service.http.base_url}/livez", timeout=60).status_code == 200
    except httpx2.HTTPError:
        return False


def test_api_processes_share_a_port_and_one_that_dies_is_started_again(service: Service) -> None:
    parent = service.start("api", "--port", str(service.port), "--processes", "2")
    until(lambda: is_alive(service), "the API answers")
    until(lambda: len(api_processes(parent.pid)) == 2, "both are there")
    first, second = api_processes(parent.pid)
    first.kill()
    first.wait(60)
    until(lambda: len(api_processes(parent.pid)) == 2, "another one takes its place")
    assert second.is_running()
    assert is_alive(service)
    family = psutil.Process(parent.pid).children(recursive=True)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(START_SECONDS) == 0
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


def test_a_port_that_is_taken_is_one_sentence(service: Service) -> None:
    service.start_api()
    second = service.start("api", "--port", str(service.port), "--processes", "2")
    assert second.wait(START_SECONDS) == 1
    assert f"cannot listen on 127.0.0.1:{service.port}" in service.log.read_text()


def test_serve_starts_as_many_workers_as_are_asked_for(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(home, log, more=["--workers", "2"]) as server:
        until_said(log, "ready.")
        assert "starting 2 workers" in log.read_text()
        workers = [
            child for child in psutil.Process(server.pid).children() if "worker" in child.cmdline()
        ]
        assert len(workers) == 2
        for name in ("CROPSHIELD_THREADS", "CROPSHIELD_THREADS_ALONE"):
            assert all(worker.environ()[name].isdigit() for worker in workers)
