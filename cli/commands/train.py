"""`cropshield train`: follow a card's recipe, then put the weights where the card says."""

from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.cards.edit import remove_table, update_card
from cli.errors import CommandError
from models.card import file_sha256, read_card
from models.card_errors import CardError
from models.training.loop import Trainer
from models.weights import read_weights, write_weights
from workers.allocator import keep_freed_memory


def train(card_path: Path, data: Path, out: Path, device: str) -> None:
    """Raises CommandError for a broken card or a folder without photos."""
    keep_freed_memory()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        card = read_card(card_path)
        trainer = Trainer(card, data, out / card.id, torch.device(device))
    except (CardError, FileNotFoundError) as error:
        raise CommandError(str(error)) from error
    console = Console(stderr=True)
    photos = trainer.train_set
    console.print(
        f"{card.id}: {len(photos):,} photos of {len(photos.classes)} classes on {device}, "
        f"{len(trainer.epochs)} epochs, {trainer.epoch} of them done"
    )
    with _bar(console) as bar:
        task = bar.add_task(card.id, total=len(trainer.epochs), completed=trainer.epoch)
        best = trainer.run(
            lambda row: console.print(_line(row)), lambda done: bar.update(task, completed=done)
        )
    if trainer.epoch < len(trainer.epochs):
        console.print(f"stopped: no better macro-F1 for {card.training.patience} epochs")
    write_weights(card.weights_path, read_weights(best))
    card.classes_path.write_text(best.with_name("class_to_idx.json").read_text("utf-8"), "utf-8")
    update_card(card.path, {"sha256": file_sha256(card.weights_path)})
    remove_table(card.path, "doubt")  # it was measured with other weights
    console.print(f"weights are in {card.weights_path}; next: cropshield calibrate {card.id}")


def _bar(console: Console) -> Progress:
    """Epochs done and time left, on a terminal."""
    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = BarColumn(), TextColumn("{task.completed:.2f} of {task.total} epochs"), left
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _line(row: dict[str, Any]) -> str:
    return (
        f"epoch {row['epoch']}/{row['epochs']} at {row['size']} px: loss {row['loss']:.3f}, "
        f"val accuracy {row['accuracy']:.2%}, macro-F1 {row['macro_f1']:.4f}"
    )
