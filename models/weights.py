"""Weight files: read, written, and rounded to half precision."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.architectures.registry import build
from models.card import Card
from models.card_errors import CardError

State = dict[str, Tensor]
SAFETENSORS = ".safetensors"
_MOST = 300


def read_weights(path: Path) -> State:
    """The tensors of a `.safetensors` file, or of any other that `torch.save` wrote.

    Nothing but tensors is read (`weights_only=True`). Raises CardError.
    """
    try:
        if path.suffix == SAFETENSORS:
            return load_file(path)
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # Both raise pickle, zip, type and runtime errors for files that are not their own.
        raise CardError(f"{path} holds no weights: {error}") from error
    return state


def write_weights(path: Path, state: State) -> None:
    """`state` in the format of the file's suffix; the old file stays whole if this dies."""
    part = path.with_name(path.name + ".part")
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    if path.suffix == SAFETENSORS:
        part.write_bytes(save(own))  # save_file lets nobody else read it
    else:
        torch.save(own, part)
    part.replace(path)


def to_half_precision(state: State) -> State:
    """Filters and matrices in float16; norms and biases, which weigh nothing, as they are."""
    return {
        name: tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
        for name, tensor in state.items()
    }


def load_network(card: Card) -> nn.Module:
    """A new float32 network of the card in evaluation mode, its weights checked against the hash.

    Weights in half precision are widened. Its `preprocessing` is the card's. Raises CardError that
    names the line of the card.
    """
    card.verify()
    try:
        network = build(card.architecture, len(card.class_names))
    except ValueError as error:
        raise card.wrong("architecture", str(error)) from error
    try:
        state = read_weights(card.weights_path)
    except CardError as error:
        raise card.wrong("weights", str(error)) from error
    _fit(card, network, state)
    object.__setattr__(network, "preprocessing", card.preprocessing)  # no part, no parameter
    return network.eval()


def _fit(card: Card, network: nn.Module, state: State) -> None:
    """Load `state` into the network. Raises CardError."""
    needed, classes = network.state_dict(), len(card.class_names)
    for name in needed.keys() & state.keys():
        ours, theirs = needed[name].shape, state[name].shape
        if ours != theirs and ours[:1] == (classes,) and ours[1:] == theirs[1:]:
            said = f"{card.classes_path} has {classes} classes, but the weights have {theirs[0]}"
            raise card.wrong("classes", said)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        said = f"{card.weights_path} does not hold {card.architecture} with {classes} classes"
        raise card.wrong("weights", f"{said}: {_shortened(str(error))}") from error


def _shortened(said: str) -> str:
    """The first of torch's many words, on one line."""
    line = " ".join(said.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"
