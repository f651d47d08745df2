"""Tries every card as a worker does."""

import sys
from collections.abc import Sequence

from cli.cards.served import served_card, served_cards
from engine.errors import TorchMissing
from engine.explainer import Explainer
from engine.runtimes.select import check_model
from models.card_errors import CardError
from models.cards.card import Card


def verify_cards(models: Sequence[str]) -> bool:
    """Print a line for each card; True where all work. Raises CommandError for an unknown one."""
    cards = [served_card(model) for model in models] or list(served_cards())
    right = [_verify(card) for card in cards]  # all, also after a failure
    return all(right)


def _verify(card: Card) -> bool:
    try:
        check_model(card, "cpu", "auto")
        if card.graph_path:
            Explainer.load(card, "cpu", runtime="graph")
    except (CardError, TorchMissing) as error:
        sys.stdout.write(f"{card.id}: {error}\n")
        return False
    classes, side = len(card.class_names), card.preprocessing.size
    sys.stdout.write(f"{card.id}: fine, {classes} classes, {side} px, {card.target_layer}\n")
    return True
