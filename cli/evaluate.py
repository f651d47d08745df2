"""`cropshield evaluate`: a model's figures on labelled photos."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from torch.utils.data import DataLoader

from cli.cards import update_card
from cli.errors import CommandError
from engine.device import choose_device
from engine.loading import load_weights
from models.catalog import Card, CardError, Catalog
from models.training.augment import validation_transform
from models.training.data import LeafFolder
from models.training.judge import Scores, confusion_on, score


def evaluate(model: str, data: Path, record: str) -> None:
    """Raises CommandError for an unknown model or a folder that does not fit it."""
    try:
        card = Catalog()[model]
        scores = scores_of(card, data)
    except (CardError, FileNotFoundError) as error:
        raise CommandError(str(error)) from error
    Console().print(
        f"{card.id} on {scores.photos:,} photos of {data}: "
        f"accuracy {scores.accuracy:.2%}, macro-F1 {scores.macro_f1:.4f}"
    )
    if record:
        figures = {name: round(value, 4) for name, value in asdict(scores).items()}
        update_card(card.path, figures, f"metrics.{record}")


def scores_of(card: Card, data: Path) -> Scores:
    """Scores over the classes that `data` holds; the model still chooses among all of its own."""
    photos = LeafFolder(data, validation_transform(card.preprocessing), classes=card.class_names)
    loader: DataLoader[Any] = DataLoader(photos, batch_size=64, num_workers=2)
    network = load_weights(card, choose_device())
    return score(confusion_on(network, loader, len(card.class_names)))
