"""Smaller photos: a model sees a few hundred pixels, and a phone sends thousands."""

import io

from PIL import Image, ImageOps

_QUALITY = 85


def shrunk(data: bytes, long_side: int) -> bytes:
    """An upright JPEG of at most `long_side` pixels without metadata; `data` itself when it is
    small enough already, or no picture that Pillow knows: the server judges that."""
    try:
        with Image.open(io.BytesIO(data)) as photo:
            if max(photo.size) <= long_side:
                return data
            photo.draft("RGB", (long_side, long_side))
            upright = ImageOps.exif_transpose(photo).convert("RGB")
    except (OSError, ValueError):
        return data
    upright.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
