"""A heatmap laid over a photo, with NumPy and Pillow alone."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from pictures.colormaps import Pixels, colormap

Map = npt.NDArray[np.float32]


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The largest (width, height) of this shape whose long side is at most `long_side`.

    Never larger than the picture is; no side falls below one pixel.
    """
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def upsample(heatmap: Map, width: int, height: int) -> Map:
    """The map between its cells, float32 (height, width): bilinear, cell centres kept."""
    source = Image.fromarray(np.ascontiguousarray(heatmap, dtype=np.float32))
    return np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))


def levels(heatmap: Map) -> Pixels:
    """A map in [0, 1] as rows of a colour table, uint8; values outside are clipped."""
    scaled: Pixels = np.rint(np.clip(heatmap, 0.0, 1.0) * 255).astype(np.uint8)
    return scaled


def colourise(heatmap: Map, name: str = "jet") -> Pixels:
    """The map in colour, uint8 (h, w, 3) RGB. Raises UnknownColormap."""
    picture = Image.fromarray(levels(heatmap))
    picture.putpalette(colormap(name).tobytes())
    return np.asarray(picture.convert("RGB"))


def blend(
    photo: Pixels,
    heatmap: Map,
    name: str = "jet",
    alpha: float = 0.5,
    long_side: int | None = None,
) -> Pixels:
    """`alpha` parts of the coloured map on the photo, uint8 (H, W, 3) RGB.

    photo: uint8 (h, w, 3) RGB, upright. heatmap: float32 (any, any) in [0, 1]; it covers the
    whole photo and is upsampled before it is coloured. long_side: shrink to it, never enlarge.
    Raises UnknownColormap, or ValueError for an alpha outside [0, 1].
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha is {alpha}; it must be between 0 and 1")
    height, width = photo.shape[:2]
    size = fit(width, height, long_side) if long_side else (width, height)
    ground = Image.fromarray(photo)
    if size != ground.size:
        ground = ground.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    colours = Image.fromarray(colourise(upsample(heatmap, *size), name))
    return np.asarray(Image.blend(ground, colours, alpha))
