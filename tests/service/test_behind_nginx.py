"""Three API processes behind one nginx, as the how-to guides have it: whoever answers, it is one
service."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from api.settings import ApiSettings
from jobs.auth.api_keys import ApiKey, RedisApiKeyStore, issue_key
from jobs.redis.connections import connect_async
from tests import programs
from tests.api.conftest import FakeWorker
from tests.docs.pages import ROOT, blocks
from tests.service.conftest import Service, free_port, until

pytestmark = pytest.mark.service
PROCESSES = 3
UPSTREAM, SERVER = (
    blocks(ROOT / "docs/how-to" / page, "nginx")[0]
    for page in ("run-on-several-machines.md", "run-behind-a-proxy.md")
)


class Cluster:
    """The service, asked through nginx, which tells in each answer what process gave it."""

    def __init__(self, service: Service, folder: Path, nginx: str) -> None:
        self.service, self._folder, self._nginx = service, folder, nginx
        self.port, self.ports = free_port(), [free_port() for _ in range(PROCESSES)]
        self.worker = FakeWorker(ApiSettings(redis_url=service.redis_url, home=service.home))
        self.keys = {name: self._make_key(name, rate) for name, rate in (("Ada", None), ("Bo", 6))}
        self.http = self.client("Ada")
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for port in self.ports:
            self.processes[port] = self.service.start("api", "--port", str(port))
        (self._folder / "nginx.conf").write_text(self._config())
        command = [self._nginx, "-e", f"{self._folder}/log", "-c", f"{self._folder}/nginx.conf"]
        self.proxy = subprocess.Popen(command)
        for port in self.ports:
            until(lambda port=port: _is_up(port), f"API ready, see {self.service.log}")  # type: ignore[misc]
        until(lambda: _is_up(self.port), f"nginx answers, see {self._folder}/log")

    def stop(self) -> None:
        self.http.close()
        self.worker.client.close()
        self.proxy.terminate()
        self.proxy.wait(60)

    def client(self, name: str) -> httpx2.Client:
        headers = {"X-API-Key": self.keys[name]}
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, headers=headers)

    def submit(self, photo: bytes, **headers: str) -> tuple[dict[str, Any], str]:
        """The job, and who has accepted it."""
        answer = self.http.post("/v1/jobs", content=photo, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        return answer.json(), answer.headers["X-Upstream"]

    def _make_key(self, name: str, rate: int | None) -> str:
        secret, key = issue_key(name, rate=rate)
        asyncio.run(_add(self.service.redis_url, key))
        return secret

    def _config(self) -> str:
        """As on the pages, but for TLS, addresses and folders."""
        processes = "".join(f"server 127.0.0.1:{port};" for port in self.ports)
        upstream = re.sub(r"server .*;", "", UPSTREAM).replace("{", "{" + processes, 1)
        server = re.sub(r"ssl_certificate.*;", "", SERVER)
        server = server.replace("listen 443 ssl", f"listen 127.0.0.1:{self.port}")
        server = server.replace("http://127.0.0.1:8000;", "http://cropshield;", 1)
        server = server.replace("{", "{ add_header X-Upstream $upstream_addr always;", 1)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {self._folder}/{kind};\n" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        head = f"{user} events {{}} daemon off; pid {self._folder}/pid;"
        return f"{head} http {{ access_log off; {places} {upstream} {server} }}"


async def _add(url: str, key: ApiKey) -> None:
    redis = connect_async(url)
    await RedisApiKeyStore(redis).add(key)
    await redis.aclose()


def _is_up(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=60).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def cluster(service: Service, tmp_path: Path) -> Iterator[Cluster]:
    found = programs.find("nginx-light")
    if found is None:
        pytest.skip("there is no nginx; tests.programs installs it")
    service.environment |= {"CROPSHIELD_KEYS": "on"}
    made = Cluster(service, tmp_path, found)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_several_api_processes_behind_nginx_are_one_service(
    cluster: Cluster, leaf_jpeg: bytes
) -> None:
    """One start of all processes for all of it: they take long on a busy machine."""
    _a_long_poll_at_another_process_hears_of_the_end(cluster, leaf_jpeg)
    _events_at_another_process_tell_the_end(cluster, leaf_jpeg + b"\1")
    _the_same_key_at_every_process_is_one_job(cluster, leaf_jpeg + b"\2")
    _a_rate_is_that_of_all_processes_together(cluster)
    _a_process_that_dies_is_not_noticed(cluster, leaf_jpeg + b"\3")


def _a_long_poll_at_another_process_hears_of_the_end(cluster: Cluster, photo: bytes) -> None:
    job, accepted_by = cluster.submit(photo)
    with ThreadPoolExecutor() as pool:
        polls = [pool.submit(_poll, cluster, job["id"]) for _ in range(PROCESSES)]
        until(lambda: _open_requests(cluster) >= PROCESSES, "all of them wait")
        cluster.worker.succeed(photo)
        answers = [poll.result() for poll in polls]
    assert {answer.json()["state"] for answer in answers} == {"succeeded"}
    assert {answer.headers["X-Upstream"] for answer in answers} - {accepted_by}


def _poll(cluster: Cluster, job_id: str) -> httpx2.Response:
    with cluster.client("Ada") as http:
        return http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=25"})


def _open_requests(cluster: Cluster) -> int:
    """How many connections nginx has to the API processes, one for each request."""
    found: list[Any] = psutil.net_connections("tcp")
    open_ones = (one for one in found if one.laddr and one.status == psutil.CONN_ESTABLISHED)
    return sum(one.laddr.port in cluster.ports for one in open_ones)


def _events_at_another_process_tell_the_end(cluster: Cluster, photo: bytes) -> None:
    job, accepted_by = cluster.submit(photo)
    told: list[str] = []
    with cluster.http.stream("GET", job["links"]["events"]) as answer:
        assert answer.headers["X-Upstream"] != accepted_by  # nginx deals them out in turn
        for line in answer.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["state"])
                if told == ["queued"]:
                    cluster.worker.succeed(photo)
    assert (told[0], told[-1]) == ("queued", "succeeded")


def _the_same_key_at_every_process_is_one_job(cluster: Cluster, photo: bytes) -> None:
    """All at once, and then one after the other."""
    key = {"Idempotency-Key": "a leaf on a bad link"}

    def send(_: int) -> httpx2.Response:
        with cluster.client("Ada") as http:
            return http.post("/v1/jobs", content=photo, headers=key)

    with ThreadPoolExecutor(2 * PROCESSES) as pool:
        answers = list(pool.map(send, range(2 * PROCESSES)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    later = [send(number) for number in range(PROCESSES)]
    assert len({answer.headers["X-Upstream"] for answer in later}) == PROCESSES
    assert all(answer.headers["Idempotency-Replayed"] == "true" for answer in later)
    assert {answer.json()["id"] for answer in later} == made
    assert len(made) == 1


def _a_rate_is_that_of_all_processes_together(cluster: Cluster) -> None:
    with cluster.client("Bo") as http:
        answers = [http.get("/v1/jobs") for _ in range(3 * PROCESSES)]
    assert len({answer.headers["X-Upstream"] for answer in answers}) == PROCESSES
    statuses = [answer.status_code for answer in answers]
    assert statuses[:6] == [200] * 6
    assert 429 in statuses[6:]


def _a_process_that_dies_is_not_noticed(cluster: Cluster, photo: bytes) -> None:
    cluster.processes[cluster.ports[0]].kill()
    cluster.processes[cluster.ports[0]].wait()
    job, _ = cluster.submit(photo)
    seen = [cluster.http.get(f"/v1/jobs/{job['id']}") for _ in range(2 * PROCESSES)]
    assert {answer.status_code for answer in seen} == {200}
