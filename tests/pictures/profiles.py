"""Small ICC profiles, made on the spot, whose colours nobody can take for those of sRGB."""

import struct

from PIL import ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RED_IS_GREEN = SRGB.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
"""Its first primary is the green of sRGB, its second the red."""


def linear_grey() -> bytes:
    """Grey levels that are proportional to light: 128 of it is 188 of sRGB."""
    return _profile(b"GRAY", b"XYZ ", kTRC=b"curv" + bytes(4) + struct.pack(">IH", 1, 256))


def cyan_is_black() -> bytes:
    """A CMYK profile: full cyan is black, the other inks leave the paper white."""
    white, black = struct.pack(">3H", 0xFF00, 0x8000, 0x8000), struct.pack(">3H", 0, 0x8000, 0x8000)
    ramp = struct.pack(">2H", 0, 0xFFFF)
    unity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    head = b"mft2" + bytes(4) + bytes((4, 3, 2, 0)) + unity + struct.pack(">2H", 2, 2)
    return _profile(b"CMYK", b"Lab ", A2B0=head + ramp * 4 + white * 8 + black * 8 + ramp * 3)


def hdr() -> bytes:
    """Of PQ, as ITU-T H.273 counts it."""
    return _profile(b"RGB ", b"XYZ ", cicp=b"cicp" + bytes(4) + bytes((9, 16, 0, 1)))


def _profile(space: bytes, connection: bytes, **tags: bytes) -> bytes:
    """A profile of version 2 with these tags."""
    wtpt = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    contents = {"wtpt": wtpt, **tags}
    place = 132 + 12 * len(contents)
    table, data = struct.pack(">I", len(contents)), b""
    for name, content in contents.items():
        table += struct.pack(">4sII", name.encode(), place + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", place + len(data), b"", 0x02400000, b"prtr", space, connection
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + data
