"""A heatmap laid over a photo, with NumPy and Pillow alone.

For the API, which must not load OpenCV. Workers and the engine draw the same with OpenCV, in a
quarter of the time (`engine/photos/overlay.py`); tests compare the two.
"""

import math

import numpy as np
from PIL import Image

from pictures.maps import WHOLE, Box, Map
from pictures.pixels import Pixels
from pictures.rendering.colormaps import colormap

_BAND = 512  # rows that are coloured at once: their floats are many times the picture


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The largest (width, height) of this shape whose long side is at most `long_side`.

    Never larger than the picture is; no side falls below one pixel.
    """
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def upsample(
    heatmap: Map,
    width: int,
    height: int,
    box: Box = WHOLE,
    top: int = 0,
    bottom: int | None = None,
) -> Map:
    """The map interpolated to float32 (height, width): bilinear, cell centres kept, the outermost
    cells continued to the edge.

    box: the part of the photo that the map covers. `top`, `bottom`: interpolate only these rows.
    """
    (left, right), (begin, end) = box.cells(*heatmap.shape)
    beyond = math.ceil(max(0.0, -left, right - heatmap.shape[1], -begin, end - heatmap.shape[0]))
    cells = np.pad(np.asarray(heatmap, np.float32), beyond, mode="edge")
    bottom = height if bottom is None else bottom
    first, last = (begin + at / height * (end - begin) + beyond for at in (top, bottom))
    part = left + beyond, first, right + beyond, last
    size = width, bottom - top
    return np.asarray(Image.fromarray(cells).resize(size, Image.Resampling.BILINEAR, part))


def levels(heatmap: Map) -> Pixels:
    """The map, in [0, 1], as indices of a colour table, uint8; values outside are clipped."""
    scaled: Pixels = np.rint(np.clip(heatmap, 0.0, 1.0) * 255).astype(np.uint8)
    return scaled


def colourise(heatmap: Map, name: str = "jet") -> Pixels:
    """The map in colour, uint8 (h, w, 3) RGB. Raises UnknownColormap for an unknown name."""
    picture = Image.fromarray(levels(heatmap))
    picture.putpalette(colormap(name).tobytes())
    return np.asarray(picture.convert("RGB"))


def blend(
    photo: Pixels,
    heatmap: Map,
    name: str = "jet",
    alpha: float = 0.5,
    size: tuple[int, int] | None = None,
    box: Box = WHOLE,
) -> Pixels:
    """The photo with `alpha` parts of the coloured map, uint8 (H, W, 3) RGB.

    photo: uint8 (h, w, 3) RGB, upright. heatmap: float32 (any, any) in [0, 1], which covers `box`
    of the photo and is upsampled before it is coloured. size: (W, H), by default the photo's own.
    Raises UnknownColormap, or ValueError for an alpha outside [0, 1].
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha is {alpha}; it must be between 0 and 1")
    picture = resized(photo, size or (photo.shape[1], photo.shape[0]))
    height, width = picture.shape[:2]
    for top in range(0, height, _BAND):
        rows = slice(top, min(top + _BAND, height))
        heat = upsample(heatmap, width, height, box, rows.start, rows.stop)
        colours = Image.fromarray(colourise(heat, name))
        picture[rows] = np.asarray(Image.blend(Image.fromarray(picture[rows]), colours, alpha))
    return picture


def resized(photo: Pixels, size: tuple[int, int]) -> Pixels:
    """A copy of the photo at another size (width, height), bilinear; uint8 (height, width, 3)."""
    if size == (photo.shape[1], photo.shape[0]):
        return photo.copy()
    ground = Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.array(ground)
