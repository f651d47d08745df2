"""How well a network in training classifies photos that it is not trained on."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from torch import nn

from models.cards.card import Card
from models.cards.recipe import Stage
from models.networks.preprocessing import Normalised
from models.training.data.array_cache import Array
from models.training.data.data_folders import DataFolder
from models.training.metrics import Scores, confusion_of, score

NEAR = 0.75
"""The part of the served size from which on photos are judged as they are served. Training sees
parts of them, and so leaves that are larger by about as much (Touvron et al. 2019, FixRes)."""


class Validation:
    """The val/ photos of each folder, decoded once for each side and kept in `cache`."""

    def __init__(self, card: Card, folders: Sequence[DataFolder], cache: Path) -> None:
        self.served, self.folders, self.cache = card.preprocessing.size, folders, cache
        self.normalised = Normalised(card.preprocessing)

    def side(self, stage: Stage) -> int:
        """Height and width of the photos, in pixels, by which a network is judged in a stage."""
        return self.served if stage.size >= NEAR * self.served else max(stage.size, 160)

    def scores(self, model: nn.Module, stage: Stage) -> dict[str, Scores]:
        """By folder, of `model`, which takes photos normalised as the card says."""
        asked = nn.Sequential(self.normalised, model).to(next(model.parameters()).device)
        found = {}
        for folder in self.folders:
            labels, classes = folder.val.labels, len(folder.val.classes)
            pixels = self._pixels(folder, stage)
            found[folder.name] = score(confusion_of(asked, pixels, labels, classes))
        return found

    def prepare(self, stage: Stage) -> None:
        """Decode the photos for a stage, and leave out those that cannot be read. Raises CardError
        where no photo is left."""
        for folder in self.folders:
            folder.val.keep_readable(partial(self._pixels, folder, stage))

    def _pixels(self, folder: DataFolder, stage: Stage) -> Array:
        side = self.side(stage)
        return folder.val.pixels(side, self.cache / f"{folder.name}-val-{side}.npy")
