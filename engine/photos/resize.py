"""Photos at other sizes: for the model as exact as Pillow, for people quickly."""

import cv2
import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from pictures.pixels import Pixels

try:
    import cykooz_resizer as simd
except ImportError:  # there is no build for this machine: Pillow takes six times as long
    simd = None


def use_calling_thread() -> None:
    """From now on OpenCV and NumPy work in the thread that calls them, for a process that draws
    several photos at once: their own threads, and those of the OpenBLAS in each of them, would spin
    for a while after each picture, on the model's cores."""
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")


def resize_photo(photo: Pixels, width: int, height: int) -> Pixels:
    """The photo at another size, uint8 (height, width, 3), bilinear; halved first, so that no pixel
    of a large one is left out."""
    photo = halved(photo, width, height)
    if (photo.shape[1], photo.shape[0]) == (width, height):
        return photo
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def stretch(photo: Pixels, size: int) -> Pixels:
    """The whole photo in a square, uint8 (size, size, 3): bilinear and antialiased, as Pillow does
    it (fewer than one value in a hundred differs, by one grey level). A square of that size is
    returned as it is."""
    if photo.shape[:2] == (size, size):
        return photo
    return (_by_pillow if simd is None else _by_simd)(photo, size)


def _by_simd(photo: Pixels, size: int) -> Pixels:
    """What lies between is rounded, so the order is Pillow's: the side that shrinks more first."""
    height, width = photo.shape[:2]
    between = (width, size) if height > max(width, size) else (size, height)
    kind, way = simd.PixelType.U8x3, simd.ResizeAlg.convolution(simd.FilterType.bilinear)
    options, resizer = simd.ResizeOptions(resize_alg=way), simd.Resizer()
    given = simd.ImageData(width, height, kind, photo.tobytes())
    for shape in (between, (size, size)):
        made = simd.ImageData(*shape, kind)
        resizer.resize(given, made, options)
        given = made
    return np.frombuffer(given.get_buffer(), np.uint8).reshape(size, size, 3)


def _by_pillow(photo: Pixels, size: int) -> Pixels:
    image = Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(image)


def halved(photo: Pixels, width: int, height: int) -> Pixels:
    """The means of its 2 x 2 pixels, uint8 (h, w, 3), as often as neither side falls below that.

    The last row or column of an odd number is left out.
    """
    while photo.shape[1] >= 2 * width and photo.shape[0] >= 2 * height:
        across, down = photo.shape[1] // 2, photo.shape[0] // 2
        even = photo[: 2 * down, : 2 * across]
        photo = np.asarray(cv2.resize(even, (across, down), interpolation=cv2.INTER_AREA), np.uint8)
    return photo
