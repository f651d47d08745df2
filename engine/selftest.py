"""Whether everything is installed and works: `python -m engine.selftest`."""

import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter

import numpy as np
import torch

from engine.cam.gradcam import GradCAM
from engine.explainer import Explainer, Request
from engine.loading import load_weights
from engine.photos.decode import Photo
from engine.photos.overlay import encode, render_overlay
from engine.photos.transforms import prepare_tensor
from models.cards.card import Card
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import draw_leaf

Say = Callable[[str], object]


def selftest(say: Say) -> bool:
    """Explain a drawn leaf with every bundled model; True where all are right."""
    say(f"Python {platform.python_version()}, torch {torch.__version__}, ")
    say(f"numpy {version('numpy')}, pillow {version('pillow')}\n")
    pixels = np.asarray(draw_leaf(seed=1).photo)
    photo = Photo(pixels, pixels.shape[1], pixels.shape[0], "PNG")
    found = [_check(card, photo, say) for card in Catalog()]  # all models, also after a failure
    return all(found)


def _check(card: Card, photo: Photo, say: Say) -> bool:
    """One model: its hash, its map against that of plain autograd, its overlay."""
    try:
        explainer = Explainer.load(card)
        start = perf_counter()
        (made,) = explainer.explain([photo], [Request()])
        took = 1000 * (perf_counter() - start)
        (best,) = made.maps
        difference = _difference(card, photo, best.heatmap, best.class_index)
        size = len(encode(render_overlay(photo.pixels, best.heatmap, box=best.box)))
    except Exception as error:  # noqa: BLE001 -- whatever is wrong is what is asked for
        say(f"{card.id}: {type(error).__name__}: {error}\n")
        return False
    name, right = made.predictions[0], difference < 1e-3
    say(f"{card.id}: {name.class_name} ({name.confidence:.0%}), {explainer.runtime} runtime on ")
    say(f"{explainer.device}, {took:.0f} ms, overlay of {size:,} bytes, ")
    say(f"map {'equal to' if right else 'DIFFERENT from'} autograd's ({difference:.1g})\n")
    return right


def _difference(card: Card, photo: Photo, heatmap: np.ndarray, class_index: int) -> float:
    model = load_weights(card, torch.device("cpu"))
    inputs = prepare_tensor([photo.pixels], card.preprocessing)
    expected = GradCAM(model, card.target_layer)(inputs, class_index)
    return float(np.abs(expected - heatmap).max())


if __name__ == "__main__":
    good = selftest(sys.stdout.write)
    sys.stdout.write("all good\n" if good else "something is wrong\n")
    sys.exit(0 if good else 1)
