"""From bytes to upright sRGB pixels, at the scale that is needed: the one decoder of photos."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pictures.decoding.colour import conversion, to_srgb
from pictures.decoding.header import MAX_PIXELS, read_header
from pictures.errors import PhotoError, TooComplex, UndecodablePhoto
from pictures.formats.base import Header, RawPicture
from pictures.pixels import Pixels

KEPT_PIXELS = 2_100_000
_BAND = 4_000_000  # pixels that are converted at once
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Photo:
    """`pixels`: uint8 (h, w, 3) RGB in sRGB, upright, perhaps smaller than the photo.

    `width` and `height`: of the whole photo, upright, in pixels. `format`: JPEG, PNG, …
    `jpeg`: the file without its metadata, where it is a JPEG of just these pixels.
    """

    pixels: Pixels
    width: int
    height: int
    format: str
    jpeg: bytes | None = None


def decode(
    data: bytes, *, min_side: int, min_long_side: int = 0, max_pixels: int = MAX_PIXELS
) -> Photo:
    """The first full picture of the file: upright, in sRGB, on white where it is transparent.

    It is as small as it gets at little cost, with at least `min_side` pixels on the short side
    and `min_long_side` on the long one where the file has them; but never more than
    `most_pixels`, which concerns photos that are many times as long as wide.
    JPEGs are decoded at a reduced scale, which costs a fraction of the whole.

    Raises UnsupportedFormat (HDR and camera raw files among others), TooManyPixels, TooComplex,
    or UndecodablePhoto: also for a part that is missing, never half a picture.
    """
    header = read_header(data, max_pixels)
    try:
        return decode_from(header, data, min_side, min_long_side)
    except MemoryError as error:
        raise TooComplex.took("the memory of this process") from error


def decode_from(header: Header, data: bytes, min_side: int, min_long_side: int = 0) -> Photo:
    """As `decode`, of a file whose header was read. Raises MemoryError as well."""
    short, long = sorted((header.width, header.height))
    most = most_pixels(min_side)
    scale = min(1.0, max(min_side / short, min_long_side / long))
    scale = min(scale, math.sqrt(most / (short * long)))
    try:
        return _photo(header, header.load(data, scale), scale, most)
    except (PhotoError, MemoryError):
        raise
    except Exception as error:
        # Decoders raise whatever a damaged file leads them into.
        if "out of memory" in str(error).lower() or "memory allocation" in str(error).lower():
            raise MemoryError(str(error)) from error
        raise UndecodablePhoto(str(error) or type(error).__name__) from error


def most_pixels(min_side: int) -> int:
    """How many pixels a decoded photo has at most."""
    return max(KEPT_PIXELS, 2 * min_side**2)


def _photo(header: Header, loaded: RawPicture, scale: float, most: int) -> Photo:
    pixels = _shrunk(_converted(loaded, scale), most)
    jpeg = loaded.jpeg if pixels is loaded.pixels and loaded.orientation == 1 else None
    if loaded.orientation in _UPRIGHT:
        pixels = np.asarray(Image.fromarray(pixels).transpose(_UPRIGHT[loaded.orientation]))
    width, height = reversed(loaded.size) if loaded.orientation >= 5 else loaded.size
    return Photo(pixels, width, height, header.format, jpeg)


def _converted(loaded: RawPicture, scale: float) -> Pixels:
    """RGB in sRGB, reduced by the largest whole number that leaves as much as is needed."""
    pixels = loaded.pixels
    width = pixels.width if isinstance(pixels, Image.Image) else pixels.shape[1]
    factor = max(1, int(width / loaded.size[0] / scale + 1e-6))
    if not isinstance(pixels, Image.Image):
        if factor == 1 and conversion("RGB", loaded.profile) is None:
            return pixels
        pixels = Image.fromarray(pixels)
    rows = max(1, _BAND // pixels.width // factor) * factor
    bands = [
        _band(pixels.crop((0, top, pixels.width, min(top + rows, pixels.height))), factor, loaded)
        for top in range(0, pixels.height, rows)
    ]
    return bands[0] if len(bands) == 1 else np.concatenate(bands)


def _band(image: Image.Image, factor: int, loaded: RawPicture) -> Pixels:
    """A part of the picture reduced, converted, and laid on white."""
    image = _eight_bits(image)
    is_grey = image.mode in ("1", "L", "LA", "La")
    is_clear = image.has_transparency_data
    if is_clear:
        image = image.convert("RGBA")
        if factor > 1:  # what is transparent has no colour that could run into the rest
            image = image.convert("RGBa").reduce(factor).convert("RGBA")
        colours = to_srgb(image.convert("L" if is_grey else "RGB"), loaded.profile)
        ground = Image.new("RGB", image.size, "white")
        ground.paste(colours, mask=image.getchannel("A"))
        return np.asarray(ground)
    if image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("L" if is_grey else "RGB")
    if factor > 1:
        image = image.reduce(factor)
    return np.asarray(to_srgb(image, loaded.profile))


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greys divided by 257; the one that is transparent becomes white."""
    if not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.float32)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        values[values == clear] = 65535
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))


def _shrunk(pixels: Pixels, most: int) -> Pixels:
    """The picture reduced to at most this many pixels."""
    height, width = pixels.shape[:2]
    if height * width <= most:
        return pixels
    share = math.sqrt(most / (height * width))
    size = max(1, int(width * share)), max(1, int(height * share))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
