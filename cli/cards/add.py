"""Makes a card for weights that a user brings."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from torch import nn

from cli.cards.served import served_cards
from cli.errors import CommandError
from cli.settings import read
from engine.cam.layers import last_layer, validate_card
from engine.errors import WrongLayer
from jobs.settings import SharedSettings
from models.architectures.registry import build
from models.card_errors import CardError, InvalidCard
from models.cards.card import file_sha256, read_card
from models.cards.class_descriptions import FILE_NAME, read_descriptions
from models.cards.class_list import read_class_names
from models.networks.weights import Misfit, load_state, read_file, unwrap_checkpoint, write_weights

_SHOWN = 8


@dataclass(frozen=True)
class NewModel:
    """What is known of the model. `target_layer`: "" for the last layer that gives maps; `pixels`:
    the card's [preprocessing]."""

    id: str
    architecture: str
    weights: Path
    classes: Path
    target_layer: str
    pixels: dict[str, Any]
    title: str
    licence: str
    descriptions: Path | None = None


def add_model(new: NewModel, folder: Path | None) -> None:
    """Write card, weights, class list and descriptions to `folder`, by default the operator's own,
    and say so.

    Nothing is left behind for a model that does not work. Raises CommandError that says why.
    """
    target = folder or read(SharedSettings).own_models
    _refuse_name(new, target)
    try:
        _try_and_move(new, target)
    except InvalidCard as error:
        raise CommandError(
            "; ".join(f"{key}: {message}" for key, message in error.faults)
        ) from error
    except (CardError, WrongLayer, ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    card = read_card(target / f"{new.id}.toml")
    sys.stdout.write(
        f"{card.id} is in {card.path}: {len(card.class_names)} classes, "
        f"explained at {card.target_layer}. It is served from the next start on: model={card.id}\n"
        f"its classes by number: {_numbered(card.class_names)}\n"
    )


def _refuse_name(new: NewModel, target: Path) -> None:
    """Raises CommandError for an id that another model has, or that no card may have."""
    if new.id in {card.id for card in served_cards()} or (target / f"{new.id}.toml").exists():
        raise CommandError(f"there is a model {new.id!r} already")
    if f"{new.id}.toml".endswith(FILE_NAME):
        raise CommandError(f"{new.id}.toml would be read as descriptions, not as a card")


def _try_and_move(new: NewModel, target: Path) -> None:
    """Make the model in a folder of its own, and move it to `target` once it has worked."""
    trial = target / f".{new.id}"
    try:
        trial.mkdir(parents=True)
    except FileExistsError as error:
        message = (
            f"{trial} is in the way: another `add` is running, or one was killed; then remove it"
        )
        raise CommandError(message) from error
    try:
        _make(new, trial)
        for file in trial.iterdir():
            file.rename(target / file.name)
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def _numbered(names: Sequence[str]) -> str:
    """The classes by number, for the user to check: the weights know the numbers alone."""
    shown = [f"{index} {name}" for index, name in enumerate(names[:_SHOWN])]
    return ", ".join(shown) + (f", … {len(names) - 1} {names[-1]}" if names[_SHOWN:] else "")


def _make(new: NewModel, folder: Path) -> None:
    """Write the files to `folder` and run the model on a photo."""
    names = read_class_names(new.classes)
    described = _store_descriptions(new, names, folder)
    weights = folder / f"{new.id}{new.weights.suffix}"
    network = _store_weights(new, len(names), weights)
    classes = _store_classes(new, names, folder)
    content = {
        "id": new.id,
        "version": "1",
        "title": new.title or f"{new.id}: {new.architecture}, {len(names)} classes",
        "architecture": new.architecture,
        "weights": weights.name,
        "sha256": file_sha256(weights),
        "classes": classes,
        **described,
        "target_layer": new.target_layer or last_layer(network, new.pixels["size"]),
        "licence": new.licence,
        "preprocessing": new.pixels,
    }
    file = folder / f"{new.id}.toml"
    file.write_text(tomlkit.dumps(content), "utf-8")
    validate_card(read_card(file))


def _store_classes(new: NewModel, names: Sequence[str], folder: Path) -> str:
    """The name of the file of class numbers."""
    file = folder / f"{new.id}.classes.json"
    numbers = {name: index for index, name in enumerate(names)}
    file.write_text(json.dumps(numbers, indent=2, ensure_ascii=False), "utf-8")
    return file.name


def _store_descriptions(new: NewModel, names: Sequence[str], folder: Path) -> dict[str, str]:
    """The card's key; nothing where none were brought. Raises CardError that names the file as
    given."""
    if new.descriptions is None:
        return {}
    try:
        read_descriptions(new.descriptions, names)
    except InvalidCard as error:
        raise CardError(str(error)) from error
    name = f"{new.id}.{FILE_NAME}"
    shutil.copyfile(new.descriptions, folder / name)
    return {"descriptions": name}


def _store_weights(new: NewModel, classes: int, target: Path) -> nn.Module:
    """Copy the weights to `target`, without what a trainer wrapped around them, and load the
    network. Raises CardError that names the files as given."""
    network = build(new.architecture, classes)
    content = read_file(new.weights)
    state = unwrap_checkpoint(content, new.weights)
    try:
        own = load_state(network, state, new.architecture, classes)
    except Misfit as error:
        path = new.classes if error.key == "classes" else new.weights
        raise CardError(f"{error.key}: {path} {error}") from error
    if isinstance(content, dict) and content.keys() == own.keys():
        shutil.copyfile(new.weights, target)
    else:
        write_weights(target, own)
    return network
