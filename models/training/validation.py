"""How well a network in training names photos that it is not trained on."""

from functools import partial
from pathlib import Path

from torch import nn

from models.card import Card
from models.preprocessing import Normalised
from models.recipe import Stage
from models.training.array_cache import Array
from models.training.metrics import Scores, confusion_of, score
from models.training.photos import LeafFolder

NEAR = 0.75
"""Of the served size: from there on photos are judged as they are served. Training sees parts of
them, and so leaves that are larger by about as much (Touvron et al. 2019, FixRes)."""


class Validation:
    """The photos of one folder, decoded once for each side and kept in `out`."""

    def __init__(self, card: Card, photos: LeafFolder, out: Path) -> None:
        self.served, self.photos, self.out = card.preprocessing.size, photos, out
        self.normalised = Normalised(card.preprocessing)

    def side(self, stage: Stage) -> int:
        """Height and width of the photos, in pixels, by which a network is judged in a stage."""
        return self.served if stage.size >= NEAR * self.served else max(stage.size, 160)

    def scores(self, model: nn.Module, stage: Stage) -> Scores:
        """Of `model`, which takes photos normalised as the card says."""
        pixels = self._pixels(stage)
        asked = nn.Sequential(self.normalised, model).to(next(model.parameters()).device)
        return score(confusion_of(asked, pixels, self.photos.labels, len(self.photos.classes)))

    def prepare(self, stage: Stage) -> None:
        """Decode the photos for a stage, and leave out those that cannot be read. Raises
        CardError."""
        self.photos.keep_readable(partial(self._pixels, stage))

    def _pixels(self, stage: Stage) -> Array:
        side = self.side(stage)
        return self.photos.pixels(side, self.out / f"val-{side}.npy")
