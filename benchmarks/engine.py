"""What explaining costs beside looking: `python -m benchmarks.engine`.

Ratio to the plain float32 forward pass of the same model in torch.
"""

import argparse
import copy
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM as PyTorchGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from benchmarks.common.measuring import in_turn, keep_memory, parser, row, write
from benchmarks.common.networks import CLASSES, LAYERS, network, plain, tutorial
from engine.cam.forward import forward_pass
from engine.explainer import Explainer
from engine.runtimes.base import Precision, RuntimeChoice, RuntimeOutput
from engine.runtimes.torch import TorchOutput
from models.cards.card import Card

Way = Callable[[Tensor, int], object]
WAYS: tuple[tuple[RuntimeChoice, Precision], ...] = (
    ("torch", "float32"),
    ("graph", "float32"),
    ("graph", "bfloat16"),
)


def card(architecture: str) -> Card:
    """A card for a network without weights."""
    return Card.model_validate(
        {
            "path": "none.toml",
            "id": architecture,
            "version": "0",
            "title": architecture,
            "architecture": architecture,
            "weights": "none.pth",
            "sha256": "",
            "classes": "none.json",
            "target_layer": LAYERS[architecture],
            "licence": "none",
        }
    )


def maps_of(output: RuntimeOutput, ranks: int) -> object:
    """Grad-CAM of the `ranks` best classes of each photo, (N * ranks, h, w)."""
    order = np.argsort(-output.logits, axis=1)[:, :ranks]
    photos = [photo for photo in range(len(order)) for _ in range(ranks)]
    return output.cams(photos, order.flatten().tolist(), ["gradcam"] * len(photos))


def ours(architecture: str, model: nn.Module) -> dict[str, Way]:
    """`split` is what any caller's model gets; the others are an explainer's runtimes."""
    layer = model.get_submodule(LAYERS[architecture])
    ways: dict[str, Way] = {
        "split": lambda x, ranks: maps_of(TorchOutput(forward_pass(model, layer, x)), ranks)
    }
    for runtime, precision in WAYS:
        explainer = explainer_of(architecture, model, runtime, precision)
        forward = explainer._runtime.forward  # without the photos' resizing
        name = f"{explainer.runtime} {explainer.precision}"
        ways[name] = lambda x, ranks, forward=forward: maps_of(forward(x.numpy()), ranks)  # type: ignore[misc]
    return ways


def explainer_of(
    architecture: str, model: nn.Module, runtime: RuntimeChoice, precision: Precision
) -> Explainer:
    """An explainer of a network that has no card."""
    described = card(architecture)
    vars(described)["class_names"] = tuple(f"class {i}" for i in range(CLASSES))
    return Explainer(described, "cpu", model=model, runtime=runtime, precision=precision)


def peers(architecture: str, model: nn.Module) -> dict[str, Way]:
    """Libraries and the tutorial, each with a model of its own, all of them predicting too."""
    name = LAYERS[architecture]
    own = [copy.deepcopy(model) for _ in range(4)]
    return {
        "tutorial": partial(tutorial, own[0], own[0].get_submodule(name)),
        "pytorch-grad-cam": partial(_pytorch_grad_cam, own[1], own[1].get_submodule(name)),
        "captum": partial(_captum, own[2], own[2].get_submodule(name)),
        "torchcam": partial(_torchcam, own[3], name),
    }


def _pytorch_grad_cam(model: nn.Module, layer: nn.Module, batch: Tensor, ranks: int) -> None:
    order = plain(model, batch).topk(ranks, dim=1).indices
    with PyTorchGradCAM(model, [layer]) as cam:
        for rank in range(ranks):
            cam(batch, [ClassifierOutputTarget(int(i)) for i in order[:, rank]])


def _captum(model: nn.Module, layer: nn.Module, batch: Tensor, ranks: int) -> None:
    order = plain(model, batch).topk(ranks, dim=1).indices
    cam = LayerGradCam(model, layer)
    for rank in range(ranks):
        cam.attribute(batch, target=order[:, rank], relu_attributions=True)


def _torchcam(model: nn.Module, layer: str, batch: Tensor, ranks: int) -> None:
    from torchcam.methods import GradCAM as TorchGradCAM

    with TorchGradCAM(model, layer) as cam:
        logits = model(batch)
        order = logits.detach().topk(ranks, dim=1).indices
        for rank in range(ranks):
            cam(order[:, rank].tolist(), logits, retain_graph=rank < ranks - 1)


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """All rows, printed as they come."""
    rows = []
    for architecture in options.architectures:
        model = network(architecture)
        ways = {
            **ours(architecture, model),
            **(peers(architecture, model) if options.peers else {}),
        }
        for size in options.batches:
            batch = torch.randn(size, 3, 224, 224)
            for ranks in (1, 3):
                things: dict[str, Callable[[], object]] = {
                    "plain forward": partial(plain, model, batch)
                }
                things |= {name: partial(way, batch, ranks) for name, way in ways.items()}
                found = in_turn(things, options.rounds)
                base = found["plain forward"]
                for name, spread in found.items():
                    labels = {"model": architecture, "batch": size, "top": ranks, "way": name}
                    rows.append(row(spread, base, **labels))
                    _say(rows[-1])
    return rows


def memory(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Peak memory above the loaded model, batch 32, each way in a process of its own."""
    rows = []
    for architecture in options.architectures:
        for way in ("plain forward", "split", "torch", "pytorch-grad-cam", "captum"):
            command = [sys.executable, "-m", "benchmarks.engine", "--one", architecture, way]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append({"model": architecture, "way": way, "MiB": int(done.stdout)})
            sys.stdout.write(f"{architecture:16} {way:18} {rows[-1]['MiB']:6} MiB\n")
    return rows


def _one(architecture: str, way: str) -> int:
    """Peak memory of this process during one explanation of 32 photos, in MiB above before."""
    torch.set_num_threads(1)
    model, batch = network(architecture), torch.randn(32, 3, 224, 224)
    layer = model.get_submodule(LAYERS[architecture])
    ways = {
        "plain forward": lambda x, _: plain(model, x),
        "split": lambda x, ranks: maps_of(TorchOutput(forward_pass(model, layer, x)), ranks),
        **peers(architecture, model),
    }
    if way == "torch":
        forward = explainer_of(architecture, model, "torch", "float32")._runtime.forward
        ways[way] = lambda x, ranks: maps_of(forward(x.numpy()), ranks)
    ways[way](batch[:1], 1)
    before = _peak(reset=True)
    ways[way](batch, 1)
    return (_peak() - before) // 1024


def _peak(*, reset: bool = False) -> int:
    """KiB of memory that this process had at most since it was reset.

    By Linux's own mark: what getrusage gives a child begins with its parent's peak.
    """
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _say(found: dict[str, Any]) -> None:
    sys.stdout.write(
        f"{found['model']:16} batch {found['batch']:2} top {found['top']} {found['way']:18}"
        f"{found['median']:9.1f} ms  ({found['least']:.1f} to {found['most']:.1f})"
        f"  {found['ratio']:6.2f} x\n"
    )
    sys.stdout.flush()


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--architectures", nargs="+", default=list(LAYERS))
    options.add_argument("--batches", nargs="*", type=int, default=[1, 8, 32])
    options.add_argument("--no-peers", dest="peers", action="store_false")
    options.add_argument("--no-memory", dest="memory", action="store_false")
    options.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    if chosen.one:
        sys.stdout.write(str(_one(*chosen.one)))
        return
    allocator = keep_memory()
    torch.set_num_threads(chosen.threads)
    settings = {"threads": chosen.threads, "rounds": chosen.rounds, "allocator": allocator}
    if rows := measure(chosen):
        write("engine", {**settings, "classes": CLASSES}, rows)
    if chosen.memory:
        write("engine-memory", {"batch": 32, "classes": CLASSES}, memory(chosen))


if __name__ == "__main__":
    main()
