"""deploy/kubernetes is valid, keeps pods apart and within bounds, and is what its how-to says."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from jobs.metrics import METRICS
from tests.deploy.kustomize import Manifest, find, render
from tests.deploy.manifests import (
    API,
    CPU,
    EVERYTHING,
    FOLDER,
    GPU_WORKER,
    PAGE,
    PODS,
    SCALED,
    SECRET,
    WORKER,
    container_of,
    labels_of,
    name_of,
    of_kind,
    pod_of,
)
from tests.docs.pages import ROOT, blocks

VERSIONS = ("1.35", "1.36", "1.37")  # those that get corrections
OTHER_KINDS = {"ScaledObject"}  # of KEDA, not of Kubernetes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", EVERYTHING, ids=name_of)
def test_every_manifest_is_valid_in_three_versions(manifest: Manifest, version: str) -> None:
    if manifest["kind"] not in OTHER_KINDS:
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_a_member_that_kubernetes_does_not_know_is_found() -> None:
    wrong = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labls": {}}}
    with pytest.raises(kubernetes_validate.ValidationError, match="labls"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_the_how_to_names_these_versions() -> None:
    assert "{}, {} and {}".format(*VERSIONS) in " ".join(PAGE.read_text().split())


def test_keda_is_asked_in_its_own_words() -> None:
    assert SCALED["apiVersion"] == "keda.sh/v1alpha1"
    spec, (trigger,) = SCALED["spec"], SCALED["spec"]["triggers"]
    known = {"scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "triggers"}
    assert set(spec) <= known
    assert spec["scaleTargetRef"] == {"name": WORKER["metadata"]["name"]}
    assert trigger["type"] == "prometheus"
    known = {"serverAddress", "query", "threshold", "ignoreNullValues"}
    assert set(trigger["metadata"]) == known
    assert all(isinstance(value, str) for value in trigger["metadata"].values())


def test_workers_are_scaled_by_metrics_that_exist() -> None:
    named = re.findall(r"cropshield_\w+", SCALED["spec"]["triggers"][0]["metadata"]["query"])
    assert named == [METRICS[name].full_name for name in ("queue_jobs", "jobs_running")]


def test_the_api_is_scaled_by_its_cpus() -> None:
    spec = find(CPU, "HorizontalPodAutoscaler", "cropshield-api")["spec"]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": API["metadata"]["name"]}
    assert spec["scaleTargetRef"] == target
    assert [metric["resource"]["name"] for metric in spec["metrics"]] == ["cpu"]
    assert "cpu" in container_of(API)["resources"]["requests"]  # per cent of which are meant


def test_nothing_but_an_autoscaler_says_how_many_pods_there_are() -> None:
    """Else each `kubectl apply` would undo what one has decided."""
    assert not any("replicas" in it["spec"] for it in (API, WORKER, GPU_WORKER))


@pytest.mark.parametrize("manifest", PODS, ids=name_of)
def test_no_pod_has_more_rights_than_the_namespace_allows(manifest: Manifest) -> None:
    """What the Pod Security Standard `restricted` asks for, and a read-only root file system."""
    pod, container = pod_of(manifest), container_of(manifest)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    labels = find(CPU, "Namespace", "cropshield")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("manifest", PODS, ids=name_of)
def test_a_service_of_the_cluster_sets_no_variable_of_a_pod(manifest: Manifest) -> None:
    assert pod_of(manifest)["enableServiceLinks"] is False


@pytest.mark.parametrize("kind", ["Service", "PodDisruptionBudget", "NetworkPolicy"])
def test_what_selects_pods_selects_those_of_its_name(kind: str) -> None:
    pods = {it["metadata"]["name"]: labels_of(it) for it in PODS}
    for manifest in of_kind(kind):
        spec = manifest["spec"]
        selector = spec["podSelector"] if kind == "NetworkPolicy" else spec["selector"]
        labels = selector if kind == "Service" else selector["matchLabels"]
        assert labels == pods[manifest["metadata"]["name"]]


@pytest.mark.parametrize("manifest", PODS, ids=name_of)
def test_a_deployment_selects_its_own_pods(manifest: Manifest) -> None:
    assert manifest["spec"]["selector"]["matchLabels"] == labels_of(manifest)
    assert sum(labels_of(it) == labels_of(manifest) for it in PODS) <= 2  # a worker on either


def test_pods_reach_what_they_need_and_are_reached_by_who_needs_them() -> None:
    policies = {it["metadata"]["name"]: it["spec"] for it in of_kind("NetworkPolicy")}
    assert set(policies) == {it["metadata"]["name"] for it in PODS}
    for name in ("cropshield-api", "cropshield-worker"):
        ports = {it["port"] for rule in policies[name]["egress"] for it in rule["ports"]}
        assert ports == {53, 6379, 443}
    assert ":6379/" in SECRET["stringData"]["CROPSHIELD_REDIS_URL"]
    assert policies["cropshield-api"]["ingress"] == [{"ports": [{"port": "http"}]}]
    assert "ingress" not in policies["cropshield-worker"]
    ((peer,),) = (rule["from"] for rule in policies["cropshield-redis"]["ingress"])
    for manifest in (API, WORKER):
        assert peer["podSelector"]["matchLabels"].items() <= labels_of(manifest).items()
    assert all(set(spec["policyTypes"]) == {"Ingress", "Egress"} for spec in policies.values())


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """The folder that the how-to makes, with the component that it leaves to choice."""
    shutil.copytree(FOLDER, tmp_path / "deploy/kubernetes")
    (shown,) = (it for it in blocks(PAGE, "yaml") if "kind: Kustomization" in it)
    content = yaml.safe_load(shown)
    content["components"].append("../deploy/kubernetes/components/keda")
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster/kustomization.yaml").write_text(yaml.safe_dump(content))
    return tmp_path / "cluster"


def test_the_installation_of_the_how_to_has_its_images_and_settings(cluster: Path) -> None:
    made = render(cluster)
    pods = (find(made, "Deployment", it["metadata"]["name"]) for it in (API, WORKER))
    assert [container_of(it)["image"] for it in pods] == [
        "registry.example/cropshield-api:1",
        "registry.example/cropshield-worker-cpu:1",
    ]
    settings = find(made, "ConfigMap", "cropshield-settings")["data"]
    assert settings["CROPSHIELD_BLOBS"] == "s3://leaves/cropshield"
    assert settings["CROPSHIELD_KEYS"] == "on"
    assert {"StatefulSet", "ScaledObject"} <= {it["kind"] for it in made}


def test_what_the_how_to_names_exists() -> None:
    named = re.findall(r"\bdeploy/[\w./-]*\w", PAGE.read_text())
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []
    made = {f"{it['kind'].lower()}/{it['metadata']['name']}" for it in CPU}
    assert set(re.findall(r"\bdeployment/[\w-]+", PAGE.read_text())) <= made


@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl")
def test_kustomize_makes_what_is_looked_at_here(cluster: Path) -> None:
    for folder in (cluster, FOLDER / "overlays/cpu", FOLDER / "overlays/gpu"):
        printed = subprocess.run(
            ["kubectl", "kustomize", folder], capture_output=True, text=True, check=True
        ).stdout
        plain = re.sub(r"(cropshield-settings)-[a-z0-9]{10}\b", r"\1", printed)
        made = {name_of(it): it for it in yaml.safe_load_all(plain)}
        assert made == {name_of(it): it for it in render(folder)}
