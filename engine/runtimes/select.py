"""Which runtime a model gets: on a CPU the graph that its card names, without torch; else what
torch chooses.

torch is imported only for a model without a graph of its own, or for a GPU.
"""

import logging
from typing import TYPE_CHECKING

from engine import hardware
from engine.errors import TorchMissing
from engine.runtimes.base import Runtime, RuntimeChoice, RuntimeOptions, Selected
from engine.runtimes.kept_checks import kept_outcome
from engine.runtimes.parity import disagreement, probe_batch
from engine.torch_types import Device, Network
from models.cards.card import Card

if TYPE_CHECKING:
    from engine.runtimes.openvino import GraphFile, OpenVINORuntime

log = logging.getLogger(__name__)


def select_runtime(
    card: Card, device: Device | None, model: Network | None, options: RuntimeOptions
) -> Selected:
    """The runtime of a card. `model` replaces the card's weights. Falling back is logged.

    Raises CardError for a wrong card, WrongLayer for its target layer, TorchMissing where torch is
    needed and not installed.
    """
    place = hardware.find_device(device)
    if model is None and has_own_graph(card, place, options.runtime):
        return _own_graph(card, options)
    try:
        from engine.runtimes.torch_select import select_torch_runtime
    except ModuleNotFoundError as error:
        raise TorchMissing(_model_without_graph(card), error) from error
    return select_torch_runtime(card, place, model, options)


def check_model(card: Card, device: Device | None, runtime: RuntimeChoice) -> None:
    """Check that the model of a card can run: its files exist and are its own. Without a graph,
    which was compared when it was exported, a photo is run through it.

    Raises CardError that names the line, or TorchMissing where torch is needed and not installed.
    """
    if has_own_graph(card, hardware.find_device(device), runtime):
        card.verify()
        return
    try:
        from engine.cam.layers import validate_card
    except ModuleNotFoundError as error:
        raise TorchMissing(_model_without_graph(card), error) from error
    validate_card(card)


def has_own_graph(card: Card, device: str, runtime: RuntimeChoice) -> bool:
    """Whether the model runs by the graph that its card names on this device."""
    if device != "cpu" or runtime == "torch" or card.graph is None:
        return False
    if card.graph_path is None:
        others = "other weights, another target layer or another size"
        log.warning("model %s: its graph is of %s; cropshield models export", card.id, others)
        return False
    try:
        from engine.runtimes.openvino import GraphFile  # noqa: F401 -- OpenVINO is an extra
    except ImportError as error:
        log.info("model %s: its graph is not used (%s)", card.id, error)
        return False
    return True


def _model_without_graph(card: Card) -> str:
    return f"model {card.id}, without a graph for the CPU (cropshield models export makes one),"


def _own_graph(card: Card, options: RuntimeOptions) -> Selected:
    """The card's graph, in bfloat16 where that is wanted and stays within its limits."""
    from engine.runtimes.openvino import GraphFile

    card.verify()
    assert card.graph_path  # noqa: S101 - looked at before
    graph = GraphFile(card.graph_path)
    exact = graph.runtime(half=False, threads=options.threads)
    found = _in_bfloat16(card, graph, exact, options) or exact
    alone = None
    if 0 < options.threads < options.threads_alone:
        alone = found.on_threads(options.threads_alone)
    return Selected(found, "cpu", graph.box, alone=alone)


def _in_bfloat16(
    card: Card, graph: "GraphFile", exact: "OpenVINORuntime", options: RuntimeOptions
) -> "OpenVINORuntime | None":
    """Where that is wanted, fast, and within its limits."""
    from engine.runtimes.openvino import platform_name

    if options.precision == "float32":
        return None
    if reason := _needs_float32(linear_head=graph.has_linear_head):
        level = logging.WARNING if options.precision == "bfloat16" else logging.DEBUG
        log.log(level, "model %s runs in float32: %s", card.id, reason)
        return None
    half = graph.runtime(half=True, threads=options.threads, exact=exact)
    subject = f"{card.graph} {options.threads} {platform_name()}"
    if found := kept_outcome(options.cache, subject, lambda: _disagreement(card, exact, half)):
        log.warning("model %s: no graph in bfloat16: %s", card.id, found)
        return None
    return half


def _disagreement(card: Card, exact: Runtime, half: Runtime) -> str:
    batch = probe_batch(card)
    return disagreement(exact.forward(batch), half.forward(batch), half=True)


def _needs_float32(*, linear_head: bool) -> str:
    """The reason why float32 is needed, or ""."""
    if not linear_head:
        return "its head is not pooled and linear"
    return "" if hardware.cpu_has_bfloat16() else "cpu has no bfloat16"
