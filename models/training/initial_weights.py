"""The weights that training begins with: random, or those of another model."""

from collections.abc import Sequence
from pickle import UnpicklingError
from typing import NamedTuple

import torch
from torch import nn

from models.architectures.registry import build, pretrained
from models.cards.card import Card
from models.catalog import CARDS, Catalog, UnknownModel
from models.networks.weights import StateDict, load_network

PUBLISHED = "published"
"""The start that stands for the weights that torchvision or timm publish of the architecture."""
_KEY = "training.start"


class InitialNetwork(NamedTuple):
    """A network, and the names of those parameters that its start does not have; none without a
    start."""

    model: nn.Module
    new: frozenset[str] = frozenset()


def initial_network(card: Card, classes: Sequence[str]) -> InitialNetwork:
    """A network of the card for `classes`: with random weights, or those that its recipe names
    under `start`. Where these are for other classes, all but the last layer is taken over.

    Raises CardError for a start that is unknown, of another architecture or not available, and for
    several that have other classes than one another.
    """
    model = build(card.architecture, len(classes))
    if not card.training.start:
        return InitialNetwork(model)
    known, same = _known(card, classes)
    if not same:
        known = {name: known[name] for name in known.keys() - _last_layer(card, len(classes))}
    model.load_state_dict(known, strict=False)
    new = {name for name, _ in model.named_parameters()} - known.keys()
    return InitialNetwork(model, frozenset(new))


def _known(card: Card, classes: Sequence[str]) -> tuple[StateDict, bool]:
    """The weights to begin with, and whether they are for the same classes."""
    if card.training.start == (PUBLISHED,):
        try:
            return pretrained(card.architecture).state_dict(), False
        except (OSError, ValueError, RuntimeError, EOFError, UnpicklingError) as error:
            raise card.wrong(_KEY, str(error)) from error
    firsts = [_fitting(card, name) for name in card.training.start]
    if len({first.class_names for first in firsts}) > 1:
        raise card.wrong(_KEY, f"{' and '.join(card.training.start)} know other classes")
    known = average_weights([load_network(first).state_dict() for first in firsts])
    return known, list(firsts[0].class_names) == list(classes)


def _fitting(card: Card, named: str) -> Card:
    first = other_card(card, _KEY, named)
    if first.architecture != card.architecture:
        raise card.wrong(_KEY, f"{first.id} is a {first.architecture}, not a {card.architecture}")
    return first


def average_weights(states: Sequence[StateDict]) -> StateDict:
    """The mean of the weights of several networks with the same start: often better than each of
    them, and as fast as one (Wortsman et al. 2022, "Model soups")."""
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }


def _last_layer(card: Card, classes: int) -> set[str]:
    """The parameters whose shape depends on the number of classes."""
    shapes, others = (build(card.architecture, n).state_dict() for n in (classes, classes + 1))
    return {name for name in shapes if shapes[name].shape != others[name].shape}


def other_card(card: Card, key: str, named: str) -> Card:
    """The card that `key` names, among those beside `card` and the project's. Raises CardError for
    an unknown id."""
    folders = dict.fromkeys([card.path.parent, CARDS])
    try:
        return Catalog(*folders)[named]
    except UnknownModel as error:
        raise card.wrong(key, str(error)) from error
