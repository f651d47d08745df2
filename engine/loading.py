"""Weight files as models, each read once a process."""

import threading
from pathlib import Path

import torch
from torch import nn

from engine.device import choose_device
from engine.errors import WrongModel
from models.card_errors import CardError
from models.cards.card import Card, read_card
from models.catalog import Catalog
from models.networks.weights import load_network

LoadedModel = tuple[nn.Module, list[str], torch.device]

_lock = threading.Lock()
_loaded: dict[Path, LoadedModel] = {}


def load_model_once(path: str | Path) -> LoadedModel:
    """The model of a weight file, its class names by index, and its device.

    A second call for the same file returns the same model, in any thread. Its card is a bundled
    one, or `<stem>.toml` beside the file or in `cards/` there. Raises WrongModel, or CardError for
    a card or weights that do not match.
    """
    where = Path(path).resolve()
    with _lock:
        if where not in _loaded:
            card = find_card(where)
            device = choose_device()
            _loaded[where] = load_weights(card, device), list(card.class_names), device
        return _loaded[where]


def load_weights(card: Card, device: torch.device) -> nn.Module:
    """A new model of the card in evaluation mode, its weights checked against the card's hash.

    Only tensors are read from the file. Raises CardError for weights that are missing, not the
    card's, or of another network.
    """
    return load_network(card).to(device)


def find_card(weights: Path) -> Card:
    """The card of a weight file. Raises WrongModel where there is none, CardError for a bad one."""
    if not weights.is_file():
        raise WrongModel(f"weight file {weights} does not exist")
    bundled = Catalog().of_weights(weights)
    if bundled is not None:
        return bundled
    candidates = [weights.with_suffix(".toml"), weights.parent / "cards" / f"{weights.stem}.toml"]
    for candidate in candidates:
        if candidate.is_file():
            return _matching(read_card(candidate), weights)
    looked_for = " and ".join(map(str, candidates))
    raise WrongModel(f"weight file {weights} has no card: looked for {looked_for}")


def _matching(card: Card, weights: Path) -> Card:
    if card.weights_path != weights:
        raise CardError(f"card {card.path} is of {card.weights_path}, not of {weights}")
    return card
