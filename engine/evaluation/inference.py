"""Labelled photos decoded, and a model run on them, exactly as for serving."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.device import device_of
from engine.explainer import Explainer
from engine.photos.decode import Photo
from engine.photos.transforms import prepare_tensor
from models.cards.card import Card
from models.decode_size import decode_for
from models.verdicts.verdict import Calibrator, Verdict
from pictures.pixels import Pixels

BATCH = 32


def decode_photo(path: str | Path, card: Card) -> Photo:
    """The photo, decoded as for serving. Raises PhotoError for what is no whole photo, OSError for
    a file that cannot be read."""
    return decode_for(card.preprocessing, Path(path).read_bytes())


def decode_pixels(path: str | Path, card: Card) -> Pixels:
    """The pixels of the photo, decoded as for serving: uint8 (h, w, 3). Raises as
    `decode_photo`."""
    return decode_photo(path, card).pixels


@torch.inference_mode()
def predict_logits(card: Card, network: nn.Module, photos: Iterable[Pixels]) -> Tensor:
    """The logits in float32, (n, classes) on the CPU."""
    device, found = device_of(network), []
    waiting = iter(photos)
    while batch := list(islice(waiting, BATCH)):
        inputs = prepare_tensor(batch, card.preprocessing).to(device)
        found.append(network(inputs).float().cpu())
    return torch.cat(found)


def predict_verdicts(
    explainer: Explainer, photos: Iterable[Pixels]
) -> tuple[Tensor, list[Verdict]]:
    """The confidences, float32 (n, classes) in [0, 1], and the verdict on each photo."""
    calibrate, found, verdicts = Calibrator(explainer.card), list[Tensor](), list[Verdict]()
    waiting = iter(photos)
    while batch := list(islice(waiting, BATCH)):
        result = explainer.forward(batch)
        answers = calibrate(result.logits, result.pooled())
        found.append(torch.from_numpy(answers.confidences))
        verdicts += answers.verdicts
    return torch.cat(found), verdicts
