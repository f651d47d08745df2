"""HEIF and AVIF: what their boxes say; libheif and libavif decode them."""

import io
import struct
from dataclasses import dataclass

import pillow_heif
from PIL import AvifImagePlugin, Image  # noqa: F401 - registers AVIF

from pictures.errors import UndecodablePhoto, UnsupportedFormat
from pictures.formats.base import FORMATS, MB, Header, RawPicture, open_as, orientation_of
from pictures.formats.boxes import Meta, read_meta
from pictures.formats.icc import profile_of_cicp

_BYTES_A_PIXEL = 14  # planes of 16 bits, RGB out of them, and Pillow's copy of that
_AVIF = (b"avif", b"avis")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_ZEROS = {b"hvc1": bytes(8), b"av01": bytes(64)}
"""HEVC has no three zero bytes in a row, and arithmetic coding makes no long runs of them."""

pillow_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True)
class HeifHeader(Header):
    """`profile`: of the colours where no ICC profile tells them, None for sRGB."""

    profile: bytes | None

    @property
    def is_bounded(self) -> bool:
        return False

    def load(self, data: bytes, scale: float) -> RawPicture:  # noqa: ARG002 - there is one scale
        if _has_zeros_for_data(data, read_meta(data)):
            raise UndecodablePhoto("a part of it is missing: there are zeros in its place")
        with open_as(data, self.format) as image:
            image.load()
        profile = image.info.get("icc_profile") or self.profile
        return RawPicture(image, image.size, profile, orientation_of(image))


def inspect(data: bytes) -> HeifHeader:
    """Raises UnsupportedFormat, TooComplex, UndecodablePhoto, and whatever the library does."""
    name = _format(data)
    meta = read_meta(data)
    profile = None
    for box in meta.properties:
        if box.kind == b"colr" and data[box.start : box.start + 4] == b"nclx":
            profile = profile_of_cicp(*struct.unpack_from(">HH", data, box.start + 4))
    width, height = _size(data, name)
    memory = 64 * MB + _BYTES_A_PIXEL * width * height
    return HeifHeader(name, width, height, memory, profile)


def _size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height by the library. Pillow's own limit on pixels would hide the number."""
    factory, _ = Image.OPEN[name]
    with factory(io.BytesIO(data), "") as image:
        return image.size


def _format(data: bytes) -> str:
    """HEIF or AVIF, by the brands. Raises UnsupportedFormat for another file of boxes."""
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, min(_length(data), 256), 4))]
    if any(brand in _AVIF for brand in brands):
        return "AVIF"
    if brands[0] not in _HEIF:
        kind = "a camera raw file" if brands[0] == b"crx " else "a video or another file of boxes"
        told = brands[0].decode("latin-1").strip()
        raise UnsupportedFormat(f"{kind} ({told})", ", ".join(FORMATS))
    return "HEIF"


def _length(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def _has_zeros_for_data(data: bytes, meta: Meta) -> bool:
    """Whether zeros stand in a picture where they cannot be."""
    for item, kind in meta.kinds.items():
        for start, end in meta.extents.get(item, ()):
            if kind in _ZEROS and data.find(_ZEROS[kind], start, end) >= 0:
                return True
    return False
