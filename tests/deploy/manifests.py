"""deploy/kubernetes, rendered, for the tests of it."""

from typing import Any

from tests.deploy.kustomize import Manifest, find, load, render
from tests.docs.pages import ROOT

FOLDER = ROOT / "deploy/kubernetes"
PAGE = ROOT / "docs/how-to/run-on-kubernetes.md"
CPU, GPU = (render(FOLDER / f"overlays/{name}") for name in ("cpu", "gpu"))
REDIS = load(FOLDER / "components/redis/redis.yaml")
(SECRET,) = load(FOLDER / "base/secret.example.yaml")
(SCALED,) = load(FOLDER / "components/keda/scaled-object.yaml")
API, WORKER = (find(CPU, "Deployment", f"cropshield-{name}") for name in ("api", "worker"))
GPU_WORKER = find(GPU, "Deployment", "cropshield-worker")
EVERYTHING = [*CPU, *REDIS, SECRET, SCALED, GPU_WORKER]
PODS = [it for it in EVERYTHING if it["kind"] in ("Deployment", "StatefulSet")]
WORKER_DOCKERFILES = sorted(f"deploy/{it.name}" for it in (ROOT / "deploy").glob("worker*file"))
IMAGES = [(API, "deploy/api.Dockerfile"), (GPU_WORKER, "deploy/worker.Dockerfile")]
IMAGES += [(WORKER, dockerfile) for dockerfile in WORKER_DOCKERFILES]
_UNITS = {"Mi": 2**20, "Gi": 2**30}


def of_kind(kind: str) -> list[Manifest]:
    return [it for it in [*CPU, *REDIS] if it["kind"] == kind]


def pod_of(manifest: Manifest) -> dict[str, Any]:
    return manifest["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def container_of(manifest: Manifest) -> dict[str, Any]:
    """The only one of its pod."""
    (container,) = pod_of(manifest)["containers"]
    return container  # type: ignore[no-any-return]


def labels_of(manifest: Manifest) -> dict[str, str]:
    """Of its pods."""
    return manifest["spec"]["template"]["metadata"]["labels"]  # type: ignore[no-any-return]


def environment_of(manifest: Manifest) -> dict[str, str]:
    """Variables of its container; what the cluster fills in is empty."""
    given = find(CPU, "ConfigMap", "cropshield-settings")["data"] | SECRET["stringData"]
    own = {it["name"]: it.get("value", "") for it in container_of(manifest).get("env", [])}
    return given | own  # type: ignore[no-any-return]


def bytes_of(quantity: str) -> int:
    return int(quantity[:-2]) * _UNITS[quantity[-2:]]


def name_of(value: object) -> object:
    """For parametrized tests."""
    if isinstance(value, dict):
        return f"{value['kind']}-{value['metadata']['name']}"
    return value
