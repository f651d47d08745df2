"""Weight files: read, written, and rounded to half precision."""

import re
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from models.architectures.registry import build
from models.architectures.state_dicts import StateDict as StateDict  # re-exported
from models.architectures.state_dicts import check_shapes, find_state, fit_state
from models.card_errors import CardError
from models.cards.card import Card
from models.cards.wrong_files import mistaken_for

SAFETENSORS = ".safetensors"
_MOST = 300
_PICKLED = re.compile(r"GLOBAL ([\w.]+)")


class Misfit(CardError):
    """Weights that do not fit the network of a card; `key`: the key of the card that is wrong."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_weights(path: Path) -> StateDict:
    """The tensors of a `.safetensors` file, or of any other that `torch.save` wrote, a checkpoint
    that holds one state dict among them.

    Nothing but tensors is read (`weights_only=True`). Raises CardError for a file that is missing,
    damaged, or holds no state dict.
    """
    return unwrap_checkpoint(read_file(path), path)


def read_file(path: Path) -> object:
    """What is in a weight file, as it stands there. Raises CardError for a file that is missing or
    damaged."""
    try:
        wrong = mistaken_for(path)
        if not wrong and path.suffix == SAFETENSORS:
            return load_file(path)
        content = None if wrong else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # Both raise pickle, zip, type and runtime errors for files that are not their own.
        raise CardError(f"{path} holds no weights: {_reason(error)}") from error
    if wrong:
        raise CardError(f"{path} holds no weights: it {wrong}")
    return content


def unwrap_checkpoint(content: object, path: Path) -> StateDict:
    """The state dict in what `path` holds. Raises CardError for content without a state dict, or
    with several."""
    try:
        return find_state(content)
    except ValueError as error:
        raise CardError(f"{path} {error}") from error


def _reason(error: Exception) -> str:
    """The reason in our words. torch's own advice is to run what is in the file."""
    message = str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if found := _PICKLED.search(message):
        return (
            f"it holds a pickled {found[1]}, and only tensors are read; "
            "save model.state_dict() where it was made"
        )
    if "TorchScript" in message:
        return "it is a TorchScript archive; save model.state_dict() where it was made"
    if "weights_only" in message or "weights only" in message.lower():
        return "it is nothing that torch.save wrote"
    return _shortened(message)


def write_weights(path: Path, state: StateDict) -> None:
    """`state` in the format of the file's suffix; the old file stays whole if this dies."""
    part = path.with_name(path.name + ".part")
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    if path.suffix == SAFETENSORS:
        part.write_bytes(save(own))  # `save_file` makes files that only the owner can read
    else:
        torch.save(own, part)
    part.replace(path)


def to_half_precision(state: StateDict) -> StateDict:
    """Filters and matrices in float16; norms and biases, which take little space, stay as they
    are."""
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
    try:
        load_state(network, state, card.architecture, len(card.class_names))
    except Misfit as error:
        path = card.classes_path if error.key == "classes" else card.weights_path
        raise card.wrong(error.key, f"{path} {error}") from error
    object.__setattr__(network, "preprocessing", card.preprocessing)  # no module, no parameter
    return network.eval()


def load_state(network: nn.Module, state: StateDict, architecture: str, classes: int) -> StateDict:
    """Load `state` into the network. Returns what was loaded, under the network's own names.

    Raises Misfit, whose text follows the name of the class list or of the weight file.
    """
    needed = network.state_dict()
    try:
        own = fit_state(state, needed)
        if other := _other_classes(own, needed, classes):
            raise Misfit("classes", f"has {classes} classes, but the weights have {other}")
        check_shapes(own, needed)
        network.load_state_dict(own)
    except (ValueError, RuntimeError, TypeError) as error:
        message = f"does not hold {architecture} with {classes} classes: {_shortened(str(error))}"
        raise Misfit("weights", message) from error
    return own


def _other_classes(state: StateDict, needed: StateDict, classes: int) -> int:
    """The number of classes of the weights, if that is the only difference; else 0."""
    for name, tensor in state.items():
        ours, theirs = needed[name].shape, tensor.shape
        if ours != theirs and ours[:1] == (classes,) and ours[1:] == theirs[1:]:
            return theirs[0]
    return 0


def _shortened(message: str) -> str:
    """The first of torch's many words, on one line."""
    line = " ".join(message.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"
