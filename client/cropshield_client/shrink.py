"""Smaller photos: a model sees a few hundred pixels, and a phone sends thousands.

A small picture shows what the server would have seen: upright, in sRGB, transparency laid on white.
A photo that cannot be converted with certainty is sent as it is, and the server judges it.
"""

import io
import re
from contextlib import suppress

from PIL import Image, ImageCms, ImageOps

from cropshield_client.damage import looks_damaged

_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
_COLOURS = {"1": "L", "L": "L", "LA": "L", "I;16": "L", "CMYK": "CMYK"}
_COLOURS |= dict.fromkeys(("P", "PA", "RGB", "RGBA"), "RGB")
_SRGB = ImageCms.createProfile("sRGB")
_SRGB_GAMMA = 1 / 2.2
_SRGB_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)  # x and y of white, R, G, B
_DEPTH_OFFSET = 24  # of a PNG's bits in a channel
_DNG_VERSION = 50706
_NCLX = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
_LIKE_SRGB = {1, 2, 6, 13}  # BT.709, unspecified, BT.601, sRGB; of ITU-T H.273


def shrunk(data: bytes, long_side: int) -> bytes:
    """A JPEG of at most `long_side` pixels without metadata.

    `data` itself when it is small enough already, when it looks damaged, and for what Pillow cannot
    read or convert faithfully: HEIC, camera raw, HDR, 32-bit numbers.
    """
    try:
        small = _small(data, long_side)
    except Exception:  # noqa: BLE001 -- Pillow's readers raise anything; the server says what is wrong
        return data
    if small is None:
        return data
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _small(data: bytes, long_side: int) -> Image.Image | None:
    """The photo in RGB; None where it is to be sent as it is."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as photo:
        if max(photo.size) <= long_side or not _is_faithful(photo, data):
            return None
        photo.draft(None, (long_side, long_side))
        photo.load()
        if looks_damaged(photo, data):
            return None
        small = _opaque(ImageOps.exif_transpose(photo))
        small.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
        return _in_srgb(small, photo.info.get("icc_profile"))


def _is_faithful(photo: Image.Image, data: bytes) -> bool:
    """Whether Pillow knows all that the file says about its colours."""
    match photo.format:
        case "TIFF":  # camera raw, several pages, white as zero
            is_plain = photo.tag_v2.get(_DNG_VERSION) is None and photo.n_frames == 1  # type: ignore[attr-defined]
            faithful = is_plain and photo.mode != "I;16"
        case "PNG":
            faithful = _is_plain_png(photo, data)
        case "AVIF":  # Display P3 and HDR without a profile
            codes = _NCLX.search(data)
            faithful = not codes or {int.from_bytes(it) for it in codes.groups()} <= _LIKE_SRGB
        case _:
            faithful = True
    is_hdr = b"cicp" in photo.info.get("icc_profile", b"")
    return faithful and not is_hdr and photo.mode in _COLOURS


def _is_plain_png(photo: Image.Image, data: bytes) -> bool:
    """Not of linear light, wide gamut without a profile, or HDR; no transparent colour whose bits
    Pillow counts wrongly."""
    info = photo.info
    told = (info.get("gamma", _SRGB_GAMMA), *info.get("chromaticity", _SRGB_POINTS))
    usual = (_SRGB_GAMMA, *_SRGB_POINTS)
    is_srgb = all(abs(a - b) < 0.005 for a, b in zip(told, usual, strict=True))
    is_clear = "transparency" in info and photo.mode != "P"
    if is_clear and data[_DEPTH_OFFSET] != 8:
        return False
    return b"cICP" not in data[:4096] and bool(is_srgb or {"icc_profile", "srgb"} & info.keys())


def _opaque(photo: Image.Image) -> Image.Image:
    """In eight bits (grey, RGB or CMYK), transparency laid on white."""
    colours = _COLOURS[photo.mode]
    if photo.mode == "I;16":
        photo = photo.convert("I").point(lambda level: level * (1 / 257) + 0.5)
    elif photo.has_transparency_data:
        ground = Image.new("RGBA", photo.size, "white")
        photo = Image.alpha_composite(ground, photo.convert("RGBA")).convert("RGB")
    return photo.convert(colours)


def _in_srgb(photo: Image.Image, profile: bytes | None) -> Image.Image:
    """By its ICC profile; a broken one, or one for other colours, is as none."""
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == "RGB":  # greys may have one, too
                photo = photo.convert("RGB")
            converted = ImageCms.profileToProfile(photo, source, _SRGB, outputMode="RGB")
            return converted or photo
    return photo.convert("RGB")
