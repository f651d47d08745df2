"""A model that a command runs on this machine: its card, its device, loaded as in a worker."""

from collections.abc import Sequence
from pathlib import Path

from cli.errors import MISSING, CommandError
from engine.explainer import Explainer
from engine.hardware import find_device
from models.card_errors import CardError
from models.cards.card import Card
from models.catalog import Catalog
from workers.allocator import keep_freed_memory
from workers.explainers import explainer_options
from workers.settings import WorkerSettings


def require_card(folders: Sequence[Path], model: str) -> Card:
    """The verified card. Raises CommandError for a card or weights that do not exist."""
    try:
        card = Catalog(*folders)[model]
        card.verify()
    except CardError as error:
        raise CommandError(str(error), MISSING) from error
    return card


def require_device(name: str) -> str:
    """The device; of "auto" the one that is used. Raises CommandError for one that is not here."""
    if name in ("auto", "cpu"):
        return find_device(None if name == "auto" else name)
    import torch

    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:  # what torch raises for a missing device
        reason = str(error).splitlines()[0]
        raise CommandError(f"there is no device {name!r} here: {reason}", MISSING) from error
    return name


def load_explainer(card: Card, device: str, settings: WorkerSettings) -> Explainer:
    """A warm model, set up as in a worker. Raises CommandError for a model that does not load."""
    keep_freed_memory()
    how = explainer_options(settings)
    how.pop("cache")  # graphs go to the user's cache, not to a server's folder
    try:
        return Explainer.load(card, device, **how)
    except (CardError, ValueError) as error:
        raise CommandError(str(error), MISSING) from error
