"""From the bytes of a JPEG to prediction and overlay: `python -m benchmarks.pipeline`.

Against the usual script: whole decode with Pillow, resize, full backward, overlay at full
size, saved as JPEG.
"""

import io
import sys
import warnings
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks.common.measuring import Spread, in_turn, keep_memory, parser, row, write
from benchmarks.common.networks import LAYERS, network, tutorial
from benchmarks.engine import WAYS, explainer_of
from engine.explainer import Explainer, Request
from engine.photos.overlay import encode, render_overlay
from engine.photos.transforms import get_validation_transforms
from models.decode_size import decode_for
from pictures.drawn_leaves.leaves import draw_leaf

SIZES = {"12 MP": (4000, 3000), "1 MP": (1200, 900)}


def jpeg(width: int, height: int) -> bytes:
    """A drawn leaf with a camera's grain, quality 90."""
    leaf = draw_leaf(seed=1, size=(800, 600)).photo.resize((width, height))
    grain = np.random.default_rng(0).normal(0, 4, (height, width, 1)).astype(np.float32)
    pixels = np.clip(np.asarray(leaf, np.float32) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def script(model: nn.Module, layer: nn.Module, data: bytes) -> bytes:
    """The usual way."""
    photo = Image.open(io.BytesIO(data)).convert("RGB")
    inputs = get_validation_transforms()(photo)[None]
    heatmap = tutorial(model, layer, inputs, 1)[0][0]
    large = cv2.resize(heatmap, photo.size)
    colours = cv2.applyColorMap((255 * large).astype(np.uint8), cv2.COLORMAP_JET)
    mixed = cv2.cvtColor(colours, cv2.COLOR_BGR2RGB) * 0.5 + np.asarray(photo) * 0.5
    stream = io.BytesIO()
    Image.fromarray(mixed.astype(np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


def job(explainer: Explainer, data: bytes) -> bytes:
    """Ours, as a worker does it."""
    photo = decode_for(explainer.card.preprocessing, data)
    (made,) = explainer.explain([photo], [Request()])
    return encode(render_overlay(photo.pixels, made.maps[0].heatmap))


def floor(data: bytes) -> None:
    """The JPEG's entropy decoding and little else: the smallest scale that there is."""
    image = Image.open(io.BytesIO(data))
    image.draft(None, (1, 1))
    image.load()


def ways_of(architecture: str) -> dict[str, Callable[[bytes], object]]:
    """What makes an overlay of a file: the usual script, ours on every runtime; and the floor."""
    model = network(architecture)
    ways: dict[str, Callable[[bytes], object]] = {
        "script": partial(script, model, model.get_submodule(LAYERS[architecture]))
    }
    for runtime, precision in WAYS:
        explainer = explainer_of(architecture, model, runtime, precision)
        ways[f"{explainer.runtime} {precision}"] = partial(job, explainer)
    return ways | {"floor": floor}


def show(architecture: str, photo: str, found: dict[str, Spread]) -> None:
    for way, spread in found.items():
        faster = found["script"].median / spread.median
        share = found["floor"].median / spread.median
        sys.stdout.write(
            f"{architecture:16} {photo:6} {way:16} {spread.median:8.1f} ms "
            f"({spread.least:.1f} to {spread.most:.1f}) {faster:6.1f} x as fast,"
            f" floor {share:.0%}\n"
        )


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--architectures", nargs="+", default=list(LAYERS))
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    allocator, rows = keep_memory(), []
    torch.set_num_threads(chosen.threads)
    for architecture in chosen.architectures:
        ways = ways_of(architecture)
        for name, size in SIZES.items():
            data = jpeg(*size)
            made = {way: partial(make, data) for way, make in ways.items()}
            found = in_turn(made, chosen.rounds)
            show(architecture, name, found)
            for way, spread in found.items():
                labels = {"model": architecture, "photo": name, "way": way}
                rows.append(row(spread, found["script"], **labels))
    settings = {"threads": chosen.threads, "rounds": chosen.rounds, "allocator": allocator}
    write("pipeline", settings, rows)


if __name__ == "__main__":
    main()
