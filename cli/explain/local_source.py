"""Photos explained on this machine, as a worker does it."""

import os
from collections.abc import Sequence
from pathlib import Path

from cli.errors import MISSING, CommandError
from cli.explain.source import ExplainedPhoto, ExplainOptions, LoadedPhoto
from cli.report.classes import Descriptions
from engine.explainer import Explainer, Explanation, Request
from engine.hardware import find_device
from models.card import Card
from models.card_errors import CardError
from models.catalog import Catalog
from models.decode_size import decode_for
from workers.allocator import keep_freed_memory
from workers.explainers import explainer_options
from workers.results import result_document
from workers.settings import WorkerSettings


class LocalSource:
    """Photos explained by one model on this machine, with the settings of a worker."""

    threads = min(4, os.cpu_count() or 1)

    def __init__(self, options: ExplainOptions, settings: WorkerSettings, device: str) -> None:
        """Raises CommandError for a model or device that does not exist."""
        self.card = require_card(settings.card_folders, options.model)
        self.device = require_device(device)
        self._settings = settings
        self._request = Request(top_k=options.top_k, method=options.method)

    @property
    def model(self) -> dict[str, str]:
        card = self.card
        return {"id": card.id, "version": card.version, "weights_sha256": card.sha256}

    @property
    def descriptions(self) -> Descriptions:
        return self.card.class_descriptions

    def open(self) -> None:
        """Load the model and warm it up. Raises CommandError for a model that does not load."""
        self.explainer = load_explainer(self.card, self.device, self._settings)

    def load(self, path: Path) -> LoadedPhoto:
        return LoadedPhoto(decode_for(self.card.preprocessing, path.read_bytes()))

    def explain(self, loaded: Sequence[LoadedPhoto]) -> list[Explanation]:
        photos = [one.photo for one in loaded]
        return self.explainer.explain(photos, [self._request] * len(photos))

    def describe(self, loaded: LoadedPhoto, explained: Explanation) -> ExplainedPhoto:
        maps = tuple(found.heatmap for found in explained.maps)
        return ExplainedPhoto(result_document(explained, loaded.photo, self.card), maps)


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
