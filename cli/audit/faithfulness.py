"""Whether the model depends on what its maps show. Measured on a sample, since it costs forward
passes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from cli.audit.photos import AuditedPhoto
from cli.progress import Advance
from engine.evaluation.inference import decode_pixels
from engine.faithfulness import Faithfulness, measure_faithfulness
from engine.loading import load_weights
from engine.photos.transforms import prepare_tensor
from models.cards.card import Card

_STEPS = 8


@dataclass(frozen=True)
class FaithfulnessSample:
    """Means over `photos`."""

    photos: int
    mean: Faithfulness

    @property
    def passed(self) -> bool:
        """Whether the maps are better than the same maps upside down, which swaps deletion and
        insertion."""
        return self.mean.insertion > self.mean.deletion


def sample(photos: Sequence[AuditedPhoto], count: int) -> list[AuditedPhoto]:
    """At most `count` photos that the model got right, picked evenly."""
    right = [photo for photo in photos if photo.is_right]
    step = max(1, -(-len(right) // max(1, count)))
    return right[::step] if count else []


def measure_sample(
    photos: Sequence[AuditedPhoto], card: Card, device: str, advance: Advance
) -> FaithfulnessSample | None:
    """The means over the sample; None for an empty one."""
    if not photos:
        return None
    model = load_weights(card, torch.device(device))
    rows = []
    for photo in photos:
        pixels = decode_pixels(photo.path, card)
        inputs = prepare_tensor([pixels], card.preprocessing).to(device)
        view, best = photo.predicted_view, photo.predicted
        found = measure_faithfulness(model, inputs, view.map, best, _STEPS, view.box)
        rows.append(asdict(found))
        advance()
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return FaithfulnessSample(len(photos), Faithfulness(**means))
