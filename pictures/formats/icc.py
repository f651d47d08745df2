"""ICC profiles of colours that a file describes by numbers."""

import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pictures.errors import UnsupportedFormat

MAX_PROFILE = 4_000_000  # bytes; those of printing presses have up to 3 million
Point = tuple[float, float]
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SRGB_CURVE = (3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # a `para` of type 3


class Chromaticities(NamedTuple):
    """CIE x and y of white and of the three primaries."""

    white: Point
    red: Point
    green: Point
    blue: Point


_D65, _C, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
SRGB = Chromaticities(_D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_SMPTE_C = Chromaticities(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES = {  # ITU-T H.273, table 2; 2 is "unspecified"
    1: SRGB,
    2: SRGB,
    4: Chromaticities(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Chromaticities(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _SMPTE_C,
    7: _SMPTE_C,
    8: Chromaticities(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: Chromaticities(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    10: Chromaticities((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: Chromaticities(_DCI, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Chromaticities(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Chromaticities(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}  # H.273, table 3
_LIKE_SRGB = (1, 2, 6, 7, 11, 12, 13, 14, 15)  # curves of cameras: screens show them with sRGB's
_HDR = {16: "PQ", 18: "HLG"}


def profile_of_cicp(primaries: int, transfer: int) -> bytes | None:
    """The profile of two code points of ITU-T H.273; None for sRGB.

    Raises UnsupportedFormat for HDR, and for code points that photos do not have.
    """
    if transfer in _HDR:
        raise UnsupportedFormat(f"HDR ({_HDR[transfer]})", "photos of standard dynamic range")
    if primaries not in _PRIMARIES or transfer not in (*_GAMMAS, *_LIKE_SRGB):
        found = f"of colours that are not known (primaries {primaries}, transfer {transfer})"
        raise UnsupportedFormat(found, "sRGB, Display P3 and others of ITU-T H.273")
    gamma = _GAMMAS.get(transfer)
    if gamma is None and _PRIMARIES[primaries] is SRGB:
        return None
    return profile_of(_PRIMARIES[primaries], gamma)


def check_no_hdr(profile: bytes) -> None:
    """Raises UnsupportedFormat for a profile whose `cicp` tag is PQ or HLG."""
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, min(132 + 12 * count, len(profile)), 12):
        if profile[at : at + 4] == b"cicp":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            _, transfer = profile[start + 8 : start + 10].ljust(2, b"\0")
            if transfer in _HDR:
                profile_of_cicp(1, transfer)


@lru_cache(maxsize=16)
def profile_of(colours: Chromaticities, gamma: float | None = None) -> bytes:
    """A profile (ICC.1:2010) of these primaries; `gamma`: of the curve, None for that of sRGB.

    Raises ValueError for primaries that span no triangle.
    """
    curve = _SRGB_CURVE if gamma is None else (0, gamma)
    bent = b"para" + struct.pack(">IHH", 0, curve[0], 0) + b"".join(map(_fixed, curve[1:]))
    columns = _to_d50(colours).T
    tags = {b"wtpt": _xyz(_D50)}
    for name, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags |= {name + b"XYZ": _xyz(column), name + b"TRC": bent}
    return _file(tags)


def _to_d50(colours: Chromaticities) -> np.ndarray:
    """Linear RGB to XYZ under D50, (3, 3): Lindbloom's way, adapted by Bradford's."""
    primaries = np.array([_of_point(point) for point in colours[1:]]).T
    white = _of_point(colours.white)
    try:
        shares = np.linalg.solve(primaries, white)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"these are no primaries: {colours}") from error
    there = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    matrix: npt.NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ there @ _BRADFORD @ primaries
    return matrix * shares


def _of_point(point: Point) -> np.ndarray:
    x, y = point
    return np.array([x, y, 1 - x - y]) / max(y, 1e-6)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _file(tags: dict[bytes, bytes]) -> bytes:
    at, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4x4B", at + len(body), 4, 0x30, 0, 0) + b"mntrRGB XYZ "
    head += struct.pack(">6H", 2010, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + table + body
