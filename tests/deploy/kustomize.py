"""What `kubectl kustomize FOLDER` makes, for as much of Kustomize as deploy/kubernetes uses.

Unlike Kustomize it adds no hash to the names of ConfigMaps.
"""

from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "namespace", "resources", "components"}
_KNOWN |= {"configMapGenerator", "images", "patches"}
_WITHOUT_NAMESPACE = {"Namespace"}


def render(folder: Path) -> list[Manifest]:
    """The manifests of a folder with a kustomization.yaml. Raises ValueError for what it uses
    beyond that."""
    return _build(folder, [])


def find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (it for it in manifests if (it["kind"], it["metadata"]["name"]) == (kind, name))
    return found


def merge(old: Any, new: Any) -> Any:
    """A strategic merge: members of lists go by their `name`, null takes away."""
    if isinstance(old, dict) and isinstance(new, dict):
        merged = {key: merge(old.get(key), value) for key, value in new.items()}
        return {key: value for key, value in (old | merged).items() if value is not None}
    if isinstance(old, list) and isinstance(new, list) and all(_is_named(it) for it in old + new):
        members = {it["name"]: it for it in old}
        named = {it["name"]: merge(members.get(it["name"]), it) for it in new}
        return list((members | named).values())
    return new


def _is_named(member: Any) -> bool:
    return isinstance(member, dict) and "name" in member


def _build(folder: Path, manifests: list[Manifest]) -> list[Manifest]:
    """`manifests`, those that a component is given, and its own, changed as it says."""
    content = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(content) - _KNOWN:
        raise ValueError(f"{folder}: {', '.join(sorted(unknown))} is not known to this renderer")
    for path in content.get("resources", []):
        place = folder / path
        manifests = manifests + (render(place) if place.is_dir() else load(place))
    for generator in content.get("configMapGenerator", []):
        manifests = _generated(folder, generator, manifests)
    for path in content.get("components", []):
        manifests = _build(folder / path, manifests)
    for patch in content.get("patches", []):
        manifests = _patched(manifests, *load(folder / patch["path"]))
    for image in content.get("images", []):
        manifests = [_renamed(manifest, image) for manifest in manifests]
    if namespace := content.get("namespace"):
        manifests = [_placed(manifest, namespace) for manifest in manifests]
    return manifests


def load(path: Path) -> list[Manifest]:
    """The manifests of one file."""
    return list(yaml.safe_load_all(path.read_text()))


def _generated(folder: Path, given: Manifest, manifests: list[Manifest]) -> list[Manifest]:
    lines = [
        line for name in given.get("envs", []) for line in (folder / name).read_text().split("\n")
    ]
    pairs = (line.partition("=") for line in [*lines, *given.get("literals", [])])
    data = {name: value for name, _, value in pairs if name and not name.startswith("#")}
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": given["name"]},
        "data": data,
    }
    if given.get("behavior") == "merge":
        return _patched(manifests, made)
    return [*manifests, made]


def _patched(manifests: list[Manifest], patch: Manifest) -> list[Manifest]:
    """Raises ValueError when there is nothing to patch."""
    find(manifests, patch["kind"], patch["metadata"]["name"])
    return [merge(it, patch) if _is_same(it, patch) else it for it in manifests]


def _is_same(one: Manifest, other: Manifest) -> bool:
    return bool(
        one["kind"] == other["kind"] and one["metadata"]["name"] == other["metadata"]["name"]
    )


def _renamed(value: Any, image: dict[str, str]) -> Any:
    """`value` with another name and tag for an image, wherever a container has it."""
    if isinstance(value, list):
        return [_renamed(it, image) for it in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _renamed(it, image) for key, it in value.items()}
    name, _, tag = str(changed.get("image", "")).partition(":")
    if name == image["name"]:
        tag = image.get("newTag", tag)
        changed["image"] = image.get("newName", name) + (f":{tag}" if tag else "")
    return changed


def _placed(manifest: Manifest, namespace: str) -> Manifest:
    if manifest["kind"] in _WITHOUT_NAMESPACE:
        return manifest
    return merge(manifest, {"metadata": {"namespace": namespace}})  # type: ignore[no-any-return]
