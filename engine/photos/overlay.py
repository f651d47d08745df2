"""Overlays drawn with OpenCV, for the engine and for workers.

`pictures/rendering/blend.py` draws the same overlays for the API, which must not load OpenCV.
Without it a blend takes four times as long, so workers use this one. Tests compare the two.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from engine.photos.resize import resize_photo
from pictures.maps import WHOLE, Box, Map
from pictures.pixels import Pixels
from pictures.rendering.blend import fit
from pictures.rendering.colormaps import COLORMAPS, TABLES, UnknownColormap, colormap

DEFAULT_COLORMAP: int = cv2.COLORMAP_JET
_CODES: dict[str, int] = {name: getattr(cv2, f"COLORMAP_{name.upper()}") for name in COLORMAPS}
_NAMES = {code: name for name, code in _CODES.items()}
_SUFFIXES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
_ENCODINGS: dict[str, tuple[str, list[int]]] = {
    "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 85]),
    "png": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 85]),
}


def get_colormap_options() -> dict[str, int]:
    """OpenCV's constant for each colormap name: the twelve, then cividis, turbo, magma."""
    return dict(_CODES)


def colormap_name(option: int | str) -> str:
    """The name of an OpenCV constant, or the name itself. Raises UnknownColormap for anything
    else."""
    name = _NAMES.get(option) if isinstance(option, int) else option
    if name not in _CODES:
        raise UnknownColormap(option)
    return name


def colour_map(
    heatmap: Map, option: int | str, width: int, height: int, box: Box = WHOLE
) -> Pixels:
    """The map upsampled to the size first and coloured afterwards, uint8 (height, width, 3)."""
    (left, right), (top, bottom) = box.cells(*heatmap.shape)
    down = _between(heatmap.shape[0], height, top, bottom)
    along = _between(heatmap.shape[1], width, left, right)
    heat = np.clip(heatmap, 0.0, 1.0, dtype=np.float32) * np.float32(255)
    rows = cv2.convertScaleAbs(down @ heat @ along.T)
    table = colormap(colormap_name(option)).reshape(256, 1, 3)
    return np.asarray(cv2.applyColorMap(rows, table), np.uint8)


def _between(cells: int, pixels: int, start: float, end: float) -> Map:
    """The part of each cell in each pixel, bilinear, float32 (pixels, cells); `start` and `end` of
    the pixels counted in cells."""
    places = start + (np.arange(pixels) + 0.5) / pixels * (end - start) - 0.5
    apart = np.abs(places.clip(0, cells - 1)[:, None] - np.arange(cells))
    weights: Map = np.maximum(0, 1 - apart).astype(np.float32)
    return weights


def blend_map(
    photo: Pixels,
    heatmap: Map,
    option: int | str = DEFAULT_COLORMAP,
    alpha: float = 0.5,
    box: Box = WHOLE,
) -> Pixels:
    """`alpha` parts of the coloured map on the photo, at the photo's size.

    photo: uint8 (H, W, 3) RGB; heatmap: float32 (any, any) in [0, 1], which stands for
    `box` of the photo (see `engine.cam.receptive_field`). Raises UnknownColormap, or
    ValueError for a wrong alpha or photo.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha is {alpha}; it must be between 0 and 1")
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"photo is {photo.dtype} {photo.shape}; it must be uint8 (h, w, 3) RGB")
    colours = colour_map(heatmap, option, photo.shape[1], photo.shape[0], box)
    return np.asarray(cv2.addWeighted(colours, alpha, photo, 1.0 - alpha, 0.0), np.uint8)


def render_overlay(
    photo: Pixels,
    heatmap: Map,
    colormap: int | str = "jet",
    alpha: float = 0.5,
    long_side: int = 1024,
    box: Box = WHOLE,
) -> Pixels:
    """The overlay with a long side of at most `long_side`, uint8 RGB; see `blend_map`."""
    size = fit(photo.shape[1], photo.shape[0], long_side)
    return blend_map(resize_photo(photo, *size), heatmap, colormap, alpha, box)


def encode(rgb: Pixels, format: str = "jpeg") -> bytes:  # noqa: A002
    """The picture as a file: "jpeg" and "webp" at quality 85, or "png".

    Raises ValueError for another format.
    """
    if format not in _ENCODINGS:
        raise ValueError(f"unknown picture format {format!r}; known are {', '.join(_ENCODINGS)}")
    suffix, options = _ENCODINGS[format]
    done, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"a picture of {rgb.shape} cannot be written as {format}")
    return data.tobytes()


def save_picture(rgb: Pixels, path: str | Path) -> Path:
    """Write uint8 RGB as JPEG, PNG or WebP, by the file's name; folders are made.

    Raises ValueError for another suffix.
    """
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise ValueError(f"{target.name} has no suffix of a known picture format: {known}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(encode(rgb, _SUFFIXES[target.suffix.lower()]))
    return target


def opencv_tables() -> Pixels:
    """OpenCV's own colour tables, uint8 (15, 256, 3) RGB, in the order of COLORMAPS."""
    ramp = np.arange(256, dtype=np.uint8).reshape(256, 1)
    tables = [cv2.applyColorMap(ramp, code)[:, 0, ::-1] for code in _CODES.values()]
    return np.ascontiguousarray(np.stack(tables))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES
    Image.fromarray(opencv_tables()).save(target, optimize=True)
