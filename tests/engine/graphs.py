"""Cards with a graph of their own, as `cropshield models export` makes them."""

from pathlib import Path

import torch
from torch import nn

from cli.cards.export import export_card
from models.cards.card import Card, read_card
from tests.engine.networks import network, save_model


def halved(model: nn.Module) -> nn.Module:
    """The model with filters and matrices that float16 holds."""
    for part in model.parameters():
        if part.ndim > 1:
            part.data = part.data.half().float()
    return model


def exported_model(folder: Path, model: nn.Module | None = None) -> Card:
    """A small model with card, weights and graph in `folder`."""
    torch.manual_seed(0)
    card = save_model(folder, model or halved(network()))
    export_card(card)
    return read_card(card.path)
