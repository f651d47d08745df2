"""`cropshield train`: train by a card's recipe, then store the weights where the card says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.cards.edit import remove_table, update_card
from cli.errors import CommandError
from cli.output import warn
from cli.photo_notes import warn_about_photos
from cli.settings import read
from jobs.settings import SharedSettings
from models.card_errors import CardError
from models.cards.card import Card, file_sha256, read_card
from models.networks.weights import read_weights, write_weights
from models.training.loop import Trainer
from models.training.metrics import Scores
from pictures.photo_files import printable
from pictures.unreadable_photos import UnreadablePhotos
from workers.allocator import keep_freed_memory


def train(
    card_path: Path, data: Sequence[Path], outlines: Path | None, out: Path | None, device: str
) -> None:
    """`outlines`: masks of lesions. `out`: by default `training` in the folder of CROPSHIELD_HOME.

    Raises CommandError for a broken card, or photos or outlines that cannot be trained on.
    """
    keep_freed_memory()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        card = read_card(card_path)
        folder = (out or read(SharedSettings).home / "training") / card.id
        trainer = Trainer(card, data, folder, torch.device(device), outlines)
        best = _run(trainer)
        _store(card, best)
    except (CardError, UnreadablePhotos) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(_sentence(error)) from error


def _run(trainer: Trainer) -> Path:
    """The best weights."""
    card, console = trainer.card, Console(stderr=True)
    _warn(trainer)
    photos = trainer.train_set
    console.print(
        f"{card.id}: {len(photos):,} photos of {len(photos.classes)} classes on {trainer.device}, "
        f"{len(trainer.epochs)} epochs, {trainer.epoch} of them done"
    )
    with _bar(console) as bar:
        task = bar.add_task(card.id, total=len(trainer.epochs), completed=trainer.epoch)
        best = trainer.run(
            lambda row: console.print(_line(row)), lambda done: bar.update(task, completed=done)
        )
    if trainer.epoch < len(trainer.epochs):
        console.print(f"stopped: no better macro-F1 for {card.training.patience} epochs")
    return best


def _store(card: Card, best: Path) -> None:
    """Store the weights and the class list where the card says. The [doubt] and [graph] tables are
    removed, since they belong to other weights."""
    write_weights(card.weights_path, read_weights(best))
    card.classes_path.write_text(best.with_name("class_to_idx.json").read_text("utf-8"), "utf-8")
    if (found := file_sha256(card.weights_path)) != card.sha256:
        update_card(card.path, {"sha256": found})
        for table in ("doubt", "graph"):
            remove_table(card.path, table)
    Console(stderr=True).print(
        f"weights are in {card.weights_path}; next: cropshield calibrate {card.id}, "
        f"then cropshield models export {card.id}"
    )


def _sentence(error: OSError) -> str:
    """Which file failed and why, where the system tells."""
    if error.strerror and error.filename:
        return f"{printable(error.filename)}: {error.strerror}"
    return str(error)


def _warn(trainer: Trainer) -> None:
    """Warn of what is odd about the photos; of a class that a folder lacks, once."""
    for folder in trainer.folders:
        where = f" in {folder.name}" if len(trainer.folders) > 1 else ""
        warn_about_photos(folder.train, what=where)
        warn_about_photos(folder.val, what=f" to judge by{where}", known=folder.train.absent)
    warn(trainer.changes)


def _bar(console: Console) -> Progress:
    """A progress bar on a terminal: epochs done, and time left."""
    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = BarColumn(), TextColumn("{task.completed:.2f} of {task.total} epochs"), left
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _line(row: dict[str, Any]) -> str:
    found: dict[str, Scores] = row["folders"]
    scores = "; ".join(
        f"{name if len(found) > 1 else 'val'} accuracy {own.accuracy:.2%}, "
        f"macro-F1 {own.macro_f1:.4f}"
        for name, own in found.items()
    )
    epoch = f"epoch {row['epoch']}/{row['epochs']} at {row['size']} px"
    return f"{epoch}: loss {row['loss']:.3f}, {scores}"
