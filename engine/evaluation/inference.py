"""Labelled photos, and what a model says to them as it is served."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.device import device_of
from engine.explainer import Explainer
from engine.photos.decode import Photo
from engine.photos.transforms import prepare
from models.calibration import VerdictScorer, confidences
from models.card import Card
from models.decoding import decode_for
from models.verdict import Verdict
from pictures.colormaps import Pixels

BATCH = 32


def decode_photo(path: str | Path, card: Card) -> Photo:
    """A photo decoded as it is for serving. Raises PhotoError, OSError."""
    return decode_for(card.preprocessing, Path(path).read_bytes())


def decode_pixels(path: str | Path, card: Card) -> Pixels:
    """Its pixels, uint8 (h, w, 3). Raises PhotoError, OSError."""
    return decode_photo(path, card).pixels


@torch.inference_mode()
def predict_logits(card: Card, network: nn.Module, photos: Iterable[Pixels]) -> Tensor:
    """The model's scores in float32, (n, classes) on the CPU."""
    device, found = device_of(network), []
    waiting = iter(photos)
    while batch := list(islice(waiting, BATCH)):
        inputs = prepare(batch, card.preprocessing).to(device)
        found.append(network(inputs).float().cpu())
    return torch.cat(found)


def predict_verdicts(
    explainer: Explainer, photos: Iterable[Pixels]
) -> tuple[Tensor, list[Verdict]]:
    """The model's scores in float32, (n, classes) on the CPU, and how far to rely on each."""
    score, found, verdicts = VerdictScorer(explainer.card), list[Tensor](), list[Verdict]()
    waiting = iter(photos)
    while batch := list(islice(waiting, BATCH)):
        seen = explainer.forward(batch)
        logits = seen.logits.detach().float().cpu()
        confidence = confidences(logits, explainer.card.doubt)
        found.append(logits)
        verdicts += [verdict for _, verdict in score(seen.activations, confidence)]
    return torch.cat(found), verdicts
