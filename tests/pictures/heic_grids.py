"""HEIC pictures of tiles, as phones write them."""

import io
import struct
from collections.abc import Iterator, Sequence

import pillow_heif
from PIL import Image

GRID = 1


def grid_of(tile: Image.Image, columns: int, rows: int) -> bytes:
    """A HEIC file of `columns` x `rows` times the same tile, whose data is in the file once."""
    buffer = io.BytesIO()
    pillow_heif.from_pillow(tile).save(buffer, format="HEIF", quality=90)
    coded, config = _coded(buffer.getvalue())
    width, height = tile.size
    tiles = range(GRID + 1, GRID + 1 + columns * rows)
    shown = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width * columns, height * rows)
    sizes = [(width, height), (width * columns, height * rows)]
    shapes = b"".join(_full("ispe", struct.pack(">II", *size)) for size in sizes)
    properties = _box("ipco", config + shapes) + _associations(tiles)
    head = _box("ftyp", b"heic\0\0\0\0mif1heic")

    def meta(start: int) -> bytes:
        return _full(
            "meta",
            _full("hdlr", bytes(4) + b"pict" + bytes(13))
            + _full("pitm", struct.pack(">H", GRID))
            + _items(tiles)
            + _full(
                "iref", _box("dimg", struct.pack(f">HH{len(tiles)}H", GRID, len(tiles), *tiles))
            )
            + _box("iprp", properties)
            + _places(tiles, start, len(coded), len(shown))
            + _box("idat", shown),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box("mdat", coded)


def _items(tiles: Sequence[int]) -> bytes:
    entries = [(GRID, b"grid"), *((tile, b"hvc1") for tile in tiles)]
    each = b"".join(
        _full("infe", struct.pack(">HH4sB", item, 0, kind, 0), version=2) for item, kind in entries
    )
    return _full("iinf", struct.pack(">H", len(entries)) + each)


def _associations(tiles: Sequence[int]) -> bytes:
    """Which properties an item has: 1 is the decoder's configuration, 2 and 3 the sizes."""
    of_tiles = b"".join(struct.pack(">HBBB", tile, 2, 0x81, 2) for tile in tiles)
    return _full("ipma", struct.pack(">IHBB", 1 + len(tiles), GRID, 1, 3) + of_tiles)


def _places(tiles: Sequence[int], start: int, size: int, shown: int) -> bytes:
    """Where the data of each item is: the grid's in `idat`, that of all tiles in one place."""
    each = struct.pack(">HHHHII", GRID, 1, 0, 1, 0, shown)
    each += b"".join(struct.pack(">HHHHII", tile, 0, 0, 1, start, size) for tile in tiles)
    return _full("iloc", struct.pack(">BBH", 0x44, 0, 1 + len(tiles)) + each, 1)


def _coded(file: bytes) -> tuple[bytes, bytes]:
    """The coded picture of a file with one, and the box of its decoder's configuration."""
    found = dict(_inside(file))
    meta = dict(_inside(found["meta"][4:]))
    config = dict(_inside(dict(_inside(meta["iprp"]))["ipco"]))["hvcC"]
    return found["mdat"], _box("hvcC", config)


def _inside(content: bytes) -> Iterator[tuple[str, bytes]]:
    while content:
        size = int.from_bytes(content[:4], "big") or len(content)
        yield content[4:8].decode(), content[8:size]
        content = content[size:]


def _box(kind: str, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind.encode() + content


def _full(kind: str, content: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + content)
