"""Colours of a file as sRGB, by LittleCMS."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from pictures.formats.icc import MAX_PROFILE, check_no_hdr

_SPACES = {"RGB": ("RGB",), "L": ("GRAY", "RGB"), "CMYK": ("CMYK",), "LAB": ("Lab",)}
_SAME = 1  # levels by which sRGB of other makers differs from LittleCMS'
_STEPS = 9


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture, of mode RGB, L, CMYK or LAB, as RGB in sRGB.

    A broken profile, or one for other kinds of colours, is ignored. Raises UnsupportedFormat for an
    HDR profile.
    """
    transform = conversion(image.mode, profile)
    if transform is None:
        return image.convert("RGB")
    if transform.input_mode == "RGB":  # greys may have a profile for colours
        image = image.convert("RGB")
    made = ImageCms.applyTransform(image, transform)
    assert made is not None  # noqa: S101 - it is None for changes in place
    return made


def conversion(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """The conversion to sRGB; None where none is needed. Raises UnsupportedFormat for HDR."""
    if mode == "LAB":
        return _lab()
    if profile is None or len(profile) > MAX_PROFILE:
        return None
    return _conversion(mode, profile)


@lru_cache(maxsize=16)
def _conversion(mode: str, profile: bytes) -> ImageCms.ImageCmsTransform | None:
    check_no_hdr(profile)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space not in _SPACES.get(mode, ()):
            return None
        mode = "RGB" if space == "RGB" else mode
        made = ImageCms.buildTransform(source, _srgb(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return None if mode == "RGB" and _is_identity(made) else made


def _is_identity(made: ImageCms.ImageCmsTransform) -> bool:
    """Whether the profile is sRGB. Most are, under many names, so that only their effect tells."""
    steps = np.linspace(0, 255, _STEPS).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(_STEPS, -1, 3)
    image = Image.fromarray(colours)
    changed = np.asarray(ImageCms.applyTransform(image, made), np.int16)
    return bool(np.abs(changed - colours).max() <= _SAME)


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB")
