"""The engine's maths beside the plain forward pass, on the device: torch, torchvision and NumPy are
all that it needs."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.common.measuring import in_turn, row
from benchmarks.common.networks import LAYERS, network, plain
from benchmarks.gpu.floor import Peaks, Work, synchronize, work_of
from engine.cam.forward import ForwardPass, forward_pass
from engine.cam.linear_head import find_linear_head, linear_head_forward_pass
from engine.cam.torch_methods import compute_cams
from engine.runtimes.bfloat16 import bfloat16_up_to
from engine.runtimes.folding import fold_batch_norms

Way = Callable[[], Any]
EXPLAINED = "explained"
PLAIN, PLAIN_HALF = "plain forward", "plain forward, bfloat16"
EXACT, CLOSED = f"{EXPLAINED}, autograd", f"{EXPLAINED}, closed form"
HALF, GRAPH = f"{CLOSED}, bfloat16", ", CUDA graph"


def explained(forward: ForwardPass) -> Any:
    """What the explainer fetches from the device: scores, pooled maps, the best class's Grad-CAM.
    The maps, float32 (N, h, w)."""
    logits = forward.logits.detach().float().cpu().numpy()
    forward.activations.detach().float().mean(dim=(2, 3)).cpu()
    photos, best = list(range(len(logits))), np.argmax(logits, axis=1).tolist()
    return compute_cams(forward, photos, best, ["gradcam"] * len(photos)).maps


class Network:
    """An architecture with random weights, and the ways to run it."""

    def __init__(self, architecture: str, device: torch.device, side: int) -> None:
        self.name, self.device, self.side = architecture, device, side
        self.base = network(architecture).to(device)
        folded = fold_batch_norms(copy.deepcopy(self.base))
        folded.to(memory_format=torch.channels_last)
        self._model, self._layer = folded, folded.get_submodule(LAYERS[architecture])
        probe = torch.randn(2, 3, side, side, device=device)
        self._head = find_linear_head(folded, self._layer, probe)
        self.work: Work = work_of(self.base, probe[:1])

    @property
    def has_closed_form(self) -> bool:
        """Whether its head is mean pooling and one linear layer."""
        return self._head is not None

    def ways(self, batch: Tensor) -> dict[str, Way]:
        """Each ends when its results are here. `batch`: (N, 3, s, s) on the device."""
        half, last = batch.bfloat16(), batch.contiguous(memory_format=torch.channels_last)
        made: dict[str, Way] = {
            PLAIN: self._ending(partial(plain, self.base, batch)),
            PLAIN_HALF: self._ending(partial(plain, copy.deepcopy(self.base).bfloat16(), half)),
            EXACT: lambda: explained(forward_pass(self._model, self._layer, last)),
        }
        if self._head is None:
            return made
        for name, inputs, forward in self._closed_forms(last):
            made[name] = lambda inputs=inputs, forward=forward: explained(forward(inputs))  # type: ignore[misc]
            if self.device.type == "cuda":
                made |= self._as_graph(name + GRAPH, forward, inputs)
        return made

    def _as_graph(
        self, name: str, forward: Callable[[Tensor], ForwardPass], inputs: Tensor
    ) -> dict[str, Way]:
        """Empty, and a line that says so, where the pass cannot be captured."""
        try:
            return {name: captured(forward, inputs)}
        except RuntimeError as error:
            print(f"{self.name}, {name}: {error}", flush=True)
            return {}

    def _closed_forms(
        self, batch: Tensor
    ) -> Iterator[tuple[str, Tensor, Callable[[Tensor], ForwardPass]]]:
        weights = self._head.weight.detach() if self._head is not None else batch.new_zeros(0)
        exact = partial(linear_head_forward_pass, self._model, self._layer, weights)
        yield CLOSED, batch, exact
        layer, model, _ = bfloat16_up_to(self._layer, self._model, self._head)
        yield HALF, batch.bfloat16(), partial(linear_head_forward_pass, model, layer, weights)

    def _ending(self, call: Way) -> Way:
        def ended() -> None:
            call()
            synchronize(self.device)

        return ended


def captured(forward: Callable[[Tensor], ForwardPass], inputs: Tensor) -> Way:
    """The forward pass as a CUDA graph: kernels that are started together."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            forward(inputs)
    torch.cuda.current_stream().wait_stream(side)
    graph, given = torch.cuda.CUDAGraph(), inputs.clone()
    with torch.cuda.graph(graph):
        made = forward(given)

    def replay() -> object:
        given.copy_(inputs)
        graph.replay()
        return explained(made)

    return replay


def measure(own: Network, batch: int, rounds: int, peaks: Peaks) -> list[dict[str, Any]]:
    """A row for each way: milliseconds, ratio to the plain float32 forward, share of the floor that
    it reaches, memory of the device above what was there (MiB; a CUDA graph's own was there), and
    how far the maps lie from autograd's."""
    ways = own.ways(torch.randn(batch, 3, own.side, own.side, device=own.device))
    reference, used = ways[EXACT](), {name: memory(own.device, way) for name, way in ways.items()}
    found, rows = in_turn(ways, rounds), []
    for name, spread in found.items():
        half = "bfloat16" in name
        floor = own.work.floor_ms(peaks, batch, half=half)
        labels = {"model": own.name, "batch": batch, "way": name, "memory_mib": used[name]}
        made = row(spread, found[PLAIN], **labels)
        made["of_its_plain"] = _ratio(spread.median, found[PLAIN_HALF if half else PLAIN].median)
        made |= {"floor_ms": round(floor, 3), "of_the_floor": _ratio(floor, spread.median)}
        if name.startswith(EXPLAINED):
            made["maps_apart"] = round(float(np.abs(np.subtract(ways[name](), reference)).max()), 5)
        rows.append(made)
    return rows


def _ratio(one: float, other: float) -> float:
    return round(one / other, 3)


def memory(device: torch.device, way: Way) -> int | None:
    """MiB at most while it runs; None on a CPU."""
    way()
    if device.type != "cuda":
        return None
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    way()
    return (torch.cuda.max_memory_allocated(device) - before) // 2**20
