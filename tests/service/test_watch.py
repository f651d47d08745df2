"""A real Prometheus reads a real server, with the rules and for the dashboard of deploy/watch."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests import programs
from tests.deploy.test_watch import ALERTS, FOLDER, QUERIES
from tests.service.conftest import Service, free_port, until

pytestmark = pytest.mark.service


@pytest.fixture
def prometheus(service: Service, tmp_path: Path) -> Iterator[httpx2.Client]:
    """Its API; it asks a server that has no worker every second."""
    promtool = programs.find("prometheus")
    if promtool is None:
        pytest.skip("there is no Prometheus; tests.programs installs it")
    service.start_api()
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(FOLDER / "rules.yml")]
    (job,) = config["scrape_configs"]
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": [f"127.0.0.1:{service.port}"]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = [str(Path(promtool).with_name("prometheus")), "--config.file=prometheus.yml"]
    command += ["--storage.tsdb.path=data", f"--web.listen-address={address}"]
    with (tmp_path / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        with httpx2.Client(
            base_url=f"http://{address}/api/v1", trust_env=False, timeout=60
        ) as client:
            until(lambda: _has_read(client), f"Prometheus reads, see {log.name}")
            yield client
    finally:
        process.terminate()
        process.wait(60)


def _has_read(client: httpx2.Client) -> bool:
    try:
        return any(it["value"][1] == "1" for it in ask(client, "up"))
    except httpx2.HTTPError:
        return False


def ask(client: httpx2.Client, query: str) -> list[dict[str, Any]]:
    """The values of now. Raises HTTPError for a query that is not understood."""
    answer = client.get("/query", params={"query": query}).raise_for_status()
    return answer.json()["data"]["result"]  # type: ignore[no-any-return]


def test_every_query_of_the_dashboard_is_understood_and_what_is_there_is_shown(
    prometheus: httpx2.Client, service: Service, leaf_jpeg: bytes
) -> None:
    service.http.post("/v1/jobs", content=leaf_jpeg)
    until(lambda: bool(ask(prometheus, "sum(cropshield_queue_jobs) == 1")), "the photo is counted")
    for query in QUERIES.values():
        ask(prometheus, re.sub(r"\$__\w+", "1m", query))
    until(lambda: _shown(prometheus, "Workers A") == ["0"], "there is no worker")
    until(lambda: _shown(prometheus, "Redis A") == ["1"], "Redis answers")

    def waiting() -> dict[str, str]:
        found = ask(prometheus, QUERIES["Jobs that wait A"])
        return {it["metric"]["queue"]: it["value"][1] for it in found}

    shown = {"retry": "0", "interactive": "1", "bulk": "0"}
    until(lambda: waiting() == shown, "the photo waits in its queue")


def _shown(client: httpx2.Client, name: str) -> list[str]:
    """The values of now: none after a look at the server that took longer than a second."""
    return [it["value"][1] for it in ask(client, QUERIES[name])]


def test_alerts_see_what_happens(
    prometheus: httpx2.Client, service: Service, leaf_jpeg: bytes
) -> None:
    service.http.post("/v1/jobs", content=leaf_jpeg)

    def alarmed() -> set[str]:
        found = prometheus.get("/alerts").json()["data"]["alerts"]
        return {it["labels"]["alertname"] for it in found}

    until(lambda: alarmed() == {"CropShieldNoWorkers"}, "that nobody comes is noticed")
    rules = prometheus.get("/rules").json()["data"]["groups"][0]["rules"]
    assert [rule["name"] for rule in rules] == list(ALERTS)
    assert {rule["health"] for rule in rules} == {"ok"}
