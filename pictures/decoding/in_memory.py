"""Pictures that a caller has in memory, PIL images and arrays, as upright sRGB pixels."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from pictures.decoding.colour import to_srgb
from pictures.pixels import Pixels

Array = npt.NDArray[Any]
_SHAPES = "(h, w), (h, w, 1), (h, w, 3) or (h, w, 4)"
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_SLACK = 1e-3  # what rounding may add to a float in [0, 1]


class UnusablePicture(ValueError):
    """The message says what the picture is, and what is needed."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"picture is {found}; needed is {needed}")
        self.found, self.needed = found, needed


def upright_rgb(image: Image.Image) -> Image.Image:
    """A PIL image of any mode as RGB: rotated as its EXIF says, in sRGB, on white where it is
    transparent; the same as `pictures.decoding.decode` makes of a file. Raises UnusablePicture."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if image.mode in ("F", "I") or image.mode.startswith("I;"):
        return Image.fromarray(eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(to_srgb(image.convert("RGB"), profile), mask=image.getchannel("A"))
        return ground
    if image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    return to_srgb(image, profile)


def array_rgb(values: Array) -> Pixels:
    """An array as uint8 (h, w, 3) RGB. Raises UnusablePicture for an array of another shape or
    type.

    (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), the last on white; uint8, uint16, bool, other whole
    numbers in 0 to 255, or floats in [0, 1].
    """
    if isinstance(values, np.ma.MaskedArray):
        raise UnusablePicture("a masked array", "one whose pixels are all there: filled(…)")
    shape = values.shape
    if len(shape) not in (2, 3) or 0 in shape or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
        first = len(shape) == 3 and shape[0] in (1, 3, 4)
        hint = " (channels come last: transpose(1, 2, 0))" if first else ""
        raise UnusablePicture(f"an array of shape {shape}", f"{_SHAPES}{hint}")
    pixels = eight_bits(values)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    return np.asarray(upright_rgb(Image.fromarray(pixels)))


def eight_bits(values: Array) -> Pixels:
    """Numbers of any type as uint8, scaled by their type and never by guess. Raises
    UnusablePicture."""
    kind = values.dtype
    if kind == np.uint8:
        return values
    if kind == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if kind.newbyteorder("=") == np.uint16:
        return np.rint(values / 257).astype(np.uint8)
    if np.issubdtype(kind, np.integer):
        return _within(values, 0, 255, 1.0)
    if np.issubdtype(kind, np.floating):
        return _within(values, 0.0, 1.0, 255.0)
    raise UnusablePicture(f"an array of {kind}", "uint8, uint16, bool, or floats in [0, 1]")


def _within(values: Array, least: float, most: float, factor: float) -> Pixels:
    low, high = values.min(), values.max()
    if not (low >= least - _SLACK and high <= most + _SLACK):  # NaN is neither
        found = f"{values.dtype} with values from {low:g} to {high:g}"
        raise UnusablePicture(found, f"values from {least:g} to {most:g}, or uint8")
    return np.clip(np.rint(values * factor), 0, 255).astype(np.uint8)
