"""Which runtime torch chooses: itself for every model and layer, an exported graph where it
fits."""

import copy
import logging
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from engine.loading import load_weights
from engine.runtimes.base import Runtime, RuntimeOptions, Selected
from engine.runtimes.bfloat16 import has_bfloat16
from engine.runtimes.parity import disagreement, probe_batch
from engine.runtimes.torch import TorchRuntime, to_bfloat16, torch_runtime
from models.cards.card import Card

log = logging.getLogger(__name__)
_CPU = torch.device("cpu")


def select_torch_runtime(
    card: Card, device: str, model: nn.Module | None, options: RuntimeOptions
) -> Selected:
    """As `engine.runtimes.select.select_runtime`, for models that need torch."""
    if options.threads:
        torch.set_num_threads(options.threads)
    place = torch.device(device)
    own = load_weights(card, place) if model is None else copy.deepcopy(model)
    reference = torch_runtime(own, card, place)
    runtime = choose_runtime(reference, card, options)
    box = reference.box(card.preprocessing.size)
    return Selected(runtime, device, box, lambda: _on_cpu(reference, card))


def _on_cpu(reference: TorchRuntime, card: Card) -> TorchRuntime:
    return torch_runtime(copy.deepcopy(reference.model).cpu(), card, _CPU)


def choose_runtime(reference: TorchRuntime, card: Card, options: RuntimeOptions) -> Runtime:
    """The first runtime that fits the options and agrees with `reference`, else `reference` itself.

    Falling back is logged.
    """
    batch = probe_batch(card)
    forward = reference.forward(batch)
    for candidate in _candidates(reference, card, options):
        found = disagreement(forward, candidate.forward(batch), half=candidate.half)
        if not found:
            return candidate
        kind = "bfloat16" if candidate.half else "float32"
        log.warning("model %s: no %s in %s: %s", card.id, candidate.name, kind, found)
    return reference


def _candidates(reference: TorchRuntime, card: Card, options: RuntimeOptions) -> Iterator[Runtime]:
    """The runtimes beside the reference, the preferred one first."""
    device = reference.device
    halves = {"auto": (True, False), "bfloat16": (True, False), "float32": (False,)}
    precisions = [half for half in halves[options.precision] if not half or has_bfloat16(device)]
    if options.precision == "bfloat16" and precisions == [False]:
        log.warning("model %s runs in float32: %s has no bfloat16", card.id, device)
    if options.runtime != "torch" and device.type == "cpu":
        try:
            yield from _graphs(reference, card, options, precisions)
        except Exception as error:  # noqa: BLE001 -- exporters raise what they like; torch works
            level = logging.INFO if options.runtime == "auto" else logging.WARNING
            log.log(level, "model %s runs in torch: no graph (%s)", card.id, error)
    elif options.runtime == "graph":
        log.warning("model %s runs in torch: graphs are for the CPU, not %s", card.id, device)
    if options.precision == "bfloat16" and True in precisions:
        if reference.head is not None:
            yield to_bfloat16(reference)
        else:
            log.warning("model %s runs in float32: its head is not pooled and linear", card.id)


def _graphs(
    reference: TorchRuntime, card: Card, options: RuntimeOptions, halves: Sequence[bool]
) -> Iterator[Runtime]:
    from engine.runtimes.openvino import OpenVINORuntime  # OpenVINO is an extra
    from engine.runtimes.openvino_export import cached_and_exported_graphs

    for graph, weights in cached_and_exported_graphs(reference, card, options.cache):
        for half in halves:
            yield OpenVINORuntime(graph, weights, half, options.threads)
