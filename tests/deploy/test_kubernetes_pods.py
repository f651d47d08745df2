"""Pods of deploy/kubernetes suit the images, the settings and the processes that they run."""

import json
import re

import pytest
import yaml

from api.app import create_app
from api.server.serve import server_config
from api.settings import ApiSettings
from api.uploads.read import FORM_OVERHEAD
from pictures.decoding.decoder_pool import MEMORY
from tests.deploy.dockerfiles import copied_sources, instructions
from tests.deploy.kustomize import Manifest, find
from tests.deploy.manifests import (
    API,
    CPU,
    FOLDER,
    GPU_WORKER,
    IMAGES,
    PAGE,
    REDIS,
    WORKER,
    bytes_of,
    container_of,
    environment_of,
    name_of,
    pod_of,
)
from tests.deploy.test_compose import COMPOSE, SETTINGS
from tests.docs.pages import ROOT, text
from workers.settings import WorkerSettings

WORKERS = pytest.mark.parametrize("worker", [WORKER, GPU_WORKER], ids=["cpu", "gpu"])
EACH_IMAGE = pytest.mark.parametrize(("manifest", "dockerfile"), IMAGES, ids=name_of)


@EACH_IMAGE
def test_a_pod_runs_what_its_image_and_compose_run(manifest: Manifest, dockerfile: str) -> None:
    container = container_of(manifest)
    words = dict(instructions(dockerfile))["CMD"]
    assert container["command"] == yaml.safe_load(words)
    assert container["command"] == COMPOSE["services"][container["name"]]["command"]


@EACH_IMAGE
def test_a_pod_is_the_user_of_its_image(manifest: Manifest, dockerfile: str) -> None:
    (uid,) = re.findall(r"useradd --uid (\d+)", (ROOT / dockerfile).read_text())
    given = pod_of(manifest)["securityContext"]
    assert {given["runAsUser"], given["runAsGroup"], given["fsGroup"]} == {int(uid)}


@EACH_IMAGE
def test_a_pod_can_write_where_its_image_writes(manifest: Manifest, dockerfile: str) -> None:
    (home,) = re.findall(r"CROPSHIELD_HOME=(\S+)", (ROOT / dockerfile).read_text())
    mounted = {it["mountPath"]: it["name"] for it in container_of(manifest)["volumeMounts"]}
    assert set(mounted) == {home, "/tmp"}
    volumes = pod_of(manifest)["volumes"]
    assert {it["name"] for it in volumes if "emptyDir" in it} == set(mounted.values())


@pytest.mark.parametrize("manifest", [API, WORKER, GPU_WORKER], ids=name_of)
def test_settings_of_a_pod_exist_and_are_valid(manifest: Manifest) -> None:
    given = environment_of(manifest)
    of_aws = {name for name in given if name.startswith("AWS_")}
    assert of_aws <= set(re.findall(r"AWS_[A-Z_]+", text("docs/reference/settings.md")))
    assert set(given) - of_aws <= SETTINGS
    kind = ApiSettings if manifest is API else WorkerSettings
    names = {name: f"CROPSHIELD_{name.upper()}" for name in kind.model_fields}
    settings = kind(**{name: given[it] for name, it in names.items() if given.get(it)})  # type: ignore[arg-type]
    assert settings.blobs.startswith("s3://")
    assert settings.redis_url.startswith("rediss://")
    if isinstance(settings, ApiSettings):
        assert settings.needs_keys("0.0.0.0")  # noqa: S104 - it listens on nothing


def test_every_setting_in_a_comment_exists() -> None:
    words = "".join(path.read_text() for path in FOLDER.rglob("*") if path.is_file())
    assert set(re.findall(r"CROPSHIELD_[A-Z0-9_]+", words)) <= SETTINGS


def test_the_api_listens_where_probes_and_the_service_look() -> None:
    container, service = container_of(API), find(CPU, "Service", "cropshield-api")
    (port,) = container["ports"]
    assert str(port["containerPort"]) == container["command"][-1]
    assert [it["targetPort"] for it in service["spec"]["ports"]] == [port["name"]]
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert {probe["port"] for probe in probes} == {port["name"]}
    assert [probe["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]
    assert {probe["path"] for probe in probes} <= set(create_app(ApiSettings()).openapi()["paths"])


@EACH_IMAGE
def test_a_worker_is_ready_when_its_health_check_says_so(
    manifest: Manifest, dockerfile: str
) -> None:
    if manifest is API:
        return
    command = container_of(manifest)["readinessProbe"]["exec"]["command"]
    words = [rest for word, rest in instructions(dockerfile) if word == "HEALTHCHECK"]
    assert any(json.dumps(command) in rest for rest in words)
    assert command[1] in copied_sources(dockerfile)
    assert "livenessProbe" not in container_of(manifest)  # Redis may be away


@WORKERS
def test_a_worker_that_is_stopped_has_time_for_the_batch_in_hand(worker: Manifest) -> None:
    longest = WorkerSettings().batch_deadline_seconds
    grace = pod_of(worker)["terminationGracePeriodSeconds"]
    assert grace >= longest + 15
    assert f"for up to {grace} s" in PAGE.read_text()


def test_an_api_pod_that_is_stopped_has_time_for_its_answers() -> None:
    settings = ApiSettings()
    shutdown = server_config(create_app(settings), settings, "::", 1).timeout_graceful_shutdown
    before = container_of(API)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod_of(API)["terminationGracePeriodSeconds"] >= before + (shutdown or 0) + 10


def test_bodies_on_their_way_fit_into_the_temporary_folder() -> None:
    (tmp,) = (it for it in pod_of(API)["volumes"] if it["name"] == "tmp")
    settings = ApiSettings()
    most = settings.max_uploads * (settings.max_batch_bytes + FORM_OVERHEAD)
    assert bytes_of(tmp["emptyDir"]["sizeLimit"]) >= most


def test_memory_is_enough_for_what_was_measured_and_what_is_bounded() -> None:
    measured = json.loads((ROOT / "benchmarks/results/memory.json").read_text())["rows"]
    used = {row["process"]: max(row["samples_mb"]) * 1e6 for row in measured}
    settings = ApiSettings()
    bodies = settings.upload_memory_bytes + settings.download_memory_bytes
    limits = [container_of(it)["resources"]["limits"]["memory"] for it in (API, WORKER)]
    assert bytes_of(limits[0]) >= used["api"] + bodies
    assert bytes_of(limits[1]) >= used["worker"] + MEMORY


def test_a_worker_on_a_gpu_has_one_to_itself_and_needs_no_spare_one() -> None:
    container = container_of(GPU_WORKER)
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert environment_of(GPU_WORKER)["CROPSHIELD_DEVICE"] == "cuda"
    assert GPU_WORKER["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_a_worker_on_cpus_has_a_thread_for_each_of_its_own() -> None:
    container = container_of(WORKER)
    (threads,) = (it for it in container["env"] if it["name"] == "CROPSHIELD_THREADS")
    assert threads["valueFrom"] == {"resourceFieldRef": {"resource": "limits.cpu"}}
    assert container["resources"]["limits"]["cpu"].isdecimal()


def test_redis_keeps_what_it_was_given_as_in_compose() -> None:
    redis = find(REDIS, "StatefulSet", "cropshield-redis")
    container, (claim,) = container_of(redis), redis["spec"]["volumeClaimTemplates"]
    assert container["command"] == COMPOSE["services"]["redis"]["command"]
    assert container["image"] == COMPOSE["services"]["redis"]["image"]
    mounts = [(it["mountPath"], it["name"]) for it in container["volumeMounts"]]
    assert mounts == [(container["workingDir"], claim["metadata"]["name"])]


def test_the_redis_of_the_component_is_found_by_its_name() -> None:
    comment = (FOLDER / "components/redis/kustomization.yaml").read_text()
    service = find(REDIS, "Service", "cropshield-redis")
    (port,) = service["spec"]["ports"]
    assert f"redis://{service['metadata']['name']}:{port['port']}/0" in comment
    assert container_of(find(REDIS, "StatefulSet", "cropshield-redis"))["ports"] == [
        {"name": port["targetPort"], "containerPort": port["port"]}
    ]
