"""Which layers of a network can be explained, and whether a card describes its model."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from engine.cam.forward import class_scores, forward_pass
from engine.cam.gradcam import find_layer
from engine.errors import EngineError, WrongLayer
from models.card_errors import did_you_mean
from models.cards.card import Card
from models.networks.weights import load_network

Sizes = dict[str, tuple[int, int, int]]
_SHOWN = 8


def spatial_layers(network: nn.Module, side: int) -> Sizes:
    """Every layer that gives feature maps for a photo of `side` pixels, with its channels, height
    and width, in order of execution: the last one is the best to explain.

    Maps are square, as the photo is, and larger than one cell. Maps that a transformer cuts into
    tokens are left out: the layers behind no longer know the position.
    """
    sizes: Sizes = {}

    def note(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor):
                return
            if _is_map(output):
                sizes.pop(name, None)
                sizes[name] = (output.shape[1], output.shape[2], output.shape[3])
            elif output.ndim > 2 and output[0, 0].numel() > 1:
                sizes.clear()

        return keep

    hooks = [
        module.register_forward_hook(note(name)) for name, module in network.named_modules() if name
    ]
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, side, side))
    finally:
        for hook in hooks:
            hook.remove()
    return sizes


def _is_map(output: Tensor) -> bool:
    return output.ndim == 4 and output.shape[2] == output.shape[3] > 1


def last_layer(network: nn.Module, side: int) -> str:
    """The layer that is explained when none is named. Raises WrongLayer for a model without any."""
    sizes = spatial_layers(network, side)
    if not sizes:
        name = type(network).__name__
        raise WrongLayer(f"no layer of {name} gives feature maps up to its end; name one")
    return next(reversed(sizes))


def validate_card(card: Card) -> None:
    """Load the model of a card and run a grey photo through it.

    Raises CardError that names the line: files that are missing or not the card's, a number of
    classes that is not the number of outputs, a target layer that does not exist or gives no map,
    an input size that the model does not take.
    """
    network = load_network(card)
    _check_layer(card, network)
    side = card.preprocessing.size
    try:
        with torch.no_grad():
            scores = class_scores(network(torch.zeros(1, 3, side, side)))
    except (RuntimeError, AssertionError, EngineError) as error:
        raise card.wrong("preprocessing.size", f"{side} px do not go through: {error}") from error
    if scores.shape[1] != len(card.class_names):
        message = f"{len(card.class_names)} classes, but the model has {scores.shape[1]} outputs"
        raise card.wrong("classes", message)
    if not torch.isfinite(scores).all():
        raise card.wrong("weights", f"{card.weights_path} gives scores that are not numbers")
    _check_map(card, network)


def _check_layer(card: Card, network: nn.Module) -> None:
    named = [name for name, _ in network.named_modules()]
    if card.target_layer not in named[1:]:
        alike = did_you_mean(card.target_layer, named) or "."
        known = describe_layers(spatial_layers(network, card.preprocessing.size))
        message = f'no layer "{card.target_layer}"{alike} Maps come from {known}'
        raise card.wrong("target_layer", message)


def _check_map(card: Card, network: nn.Module) -> None:
    side = card.preprocessing.size
    layer = find_layer(network, card.target_layer)
    try:
        forward = forward_pass(network, layer, torch.zeros(1, 3, side, side))
        forward.gradients([0], [0])
    except EngineError as error:
        known = describe_layers(spatial_layers(network, side))
        raise card.wrong("target_layer", f"{error}. Maps come from {known}") from error
    if not _is_map(forward.activations):
        shape = tuple(forward.activations.shape[1:])
        raise card.wrong("target_layer", f"gives {shape}, which is no square map of channels first")


def describe_layers(sizes: Sizes) -> str:
    """The last layers with the size of their maps, the best one first."""
    last = list(reversed(sizes.items()))[:_SHOWN]
    return ", ".join(f"{name} ({k} x {h} x {w})" for name, (k, h, w) in last) or "no layer"
