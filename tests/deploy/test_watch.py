"""deploy/watch asks for metrics that exist, and its alerts fire for what they are about."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.metrics import METRICS, QUEUE_NAMES, STAGES, Metric
from models.verdicts.verdict import VERDICTS
from tests import programs
from tests.deploy.test_compose import COMPOSE
from tests.docs.pages import ROOT, blocks, rows, text

FOLDER = ROOT / "deploy/watch"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"][0]["rules"]
TESTS = yaml.safe_load((FOLDER / "rules.test.yml").read_text())["tests"]
QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
ALERTS = {rule["alert"]: rule["expr"] for rule in RULES}
KNOWN = {metric.full_name: metric for metric in METRICS.values()}
VALUES: dict[str, set[str]] = {"queue": set(QUEUE_NAMES), "stage": set(STAGES)}
VALUES |= {"verdict": set(VERDICTS)}
VALUES |= {it.labels[0]: set(it.known) for it in METRICS.values() if it.known}
EACH = pytest.mark.parametrize(
    "query", [pytest.param(q, id=n) for n, q in (QUERIES | ALERTS).items()]
)


def metric_of(name: str) -> Metric:
    """Of the name of a series; a histogram has three of them. Raises KeyError."""
    stem = re.sub(r"_(bucket|sum|count)$", "", name)
    if stem in KNOWN and KNOWN[stem].kind == "histogram":
        assert name != stem, f"{name} alone is no series"
        return KNOWN[stem]
    return KNOWN[name]


def matchers(query: str) -> Iterator[tuple[Metric, str, str, str]]:
    """(metric, label, operator, value) of each condition."""
    for name, conditions in re.findall(r"(cropshield_\w+)\{([^}]*)\}", query):
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', conditions):
            yield metric_of(name), label, operator, value


@EACH
def test_every_metric_of_a_query_exists(query: str) -> None:
    names = re.findall(r"\bcropshield_\w+", query)
    assert names or query.startswith("up{")
    for name in names:
        metric_of(name)


@EACH
def test_every_label_of_a_query_is_one_of_its_metrics(query: str) -> None:
    for metric, label, operator, value in matchers(query):
        assert label in metric.labels
        if operator in ("=", "!=") and label in VALUES:
            assert value in VALUES[label]
    of_all = {
        label for name in re.findall(r"\bcropshield_\w+", query) for label in metric_of(name).labels
    }
    for labels in re.findall(r"(?:by|ignoring) \(([^)]*)\)", query):
        assert {label.strip() for label in labels.split(",")} <= of_all | {"le"}


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_is_on_the_dashboard(metric: Metric) -> None:
    assert any(metric.full_name in query for query in QUERIES.values())


def test_panels_say_what_they_show_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] for panel in panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (one["x"] + one["w"] <= other["x"], other["x"] + other["w"] <= one["x"])
        above = (one["y"] + one["h"] <= other["y"], other["y"] + other["h"] <= one["y"])
        assert any(apart + above), (one, other)


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    services = COMPOSE["services"]
    (source,) = yaml.safe_load((FOLDER / "datasource.yml").read_text())["datasources"]
    uids = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]}
    assert uids == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    mounted = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    (provider,) = yaml.safe_load((FOLDER / "dashboards.yml").read_text())["providers"]
    assert str(Path(mounted["./deploy/watch/dashboard.json"]).parent) == provider["options"]["path"]
    assert f"/d/{DASHBOARD['uid']}>" in text("docs/how-to/monitor.md")


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_who_watches_is_started_only_when_asked_for(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["profiles"] == ["watch"]
    for volume in service["volumes"]:
        source, _, _ = volume.partition(":")
        assert (ROOT / source).is_file() if source[0] == "." else source in COMPOSE["volumes"]


def test_prometheus_asks_the_api_of_compose_by_its_address() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    (name,) = found["names"]
    command = COMPOSE["services"][name]["command"]
    assert str(found["port"]) == command[command.index("--port") + 1]
    assert f'job="{job["job_name"]}"' in ALERTS["CropShieldDown"]


def test_every_alert_is_tested_when_it_fires_and_when_not() -> None:
    for tested in TESTS:
        assert [it["alertname"] for it in tested["alert_rule_test"]] == list(ALERTS)
    fires = [[bool(it.get("exp_alerts")) for it in tested["alert_rule_test"]] for tested in TESTS]
    assert [set(each) for each in fires] == [{False}, {True}]


def test_every_alert_is_on_the_page() -> None:
    assert list(rows("docs/how-to/monitor.md", "Alerts")) == list(ALERTS)


def promtool(*words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    found = programs.find("prometheus")
    if found is None:
        pytest.skip("there is no promtool; tests.programs installs it")
    return subprocess.run([found, *words], cwd=FOLDER, input=given, capture_output=True, text=True)


@pytest.mark.parametrize(
    "words",
    [("check", "config", "prometheus.yml"), ("test", "rules", "rules.test.yml")],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(words: tuple[str, ...]) -> None:
    done = promtool(*words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_configuration_of_the_page(tmp_path: Path) -> None:
    (shown,) = (it for it in blocks(ROOT / "docs/how-to/monitor.md", "yaml") if "scrape" in it)
    (tmp_path / "key").write_text("cs_")
    (tmp_path / "own.yml").write_text(shown.replace("/etc/prometheus/cropshield-key", "key"))
    done = promtool("check", "config", str(tmp_path / "own.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
