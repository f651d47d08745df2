"""What can be wrong with a photo.

PhotoError
├── PhotoTooLarge       more bytes than allowed
├── TooManyPixels       more pixels than allowed, by its header
├── UnsupportedFormat   not an image of an allowed format
└── UndecodablePhoto    an image, but truncated or damaged
"""


class PhotoError(Exception):
    """A photo that cannot be used; the message names what was given and the limit."""


class PhotoTooLarge(PhotoError):
    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"photo is {size:,} bytes; the limit is {limit:,}")


class TooManyPixels(PhotoError):
    def __init__(self, width: int, height: int, limit: int) -> None:
        super().__init__(
            f"photo is {width} x {height} = {width * height:,} pixels; the limit is {limit:,}"
        )

    @classmethod
    def counted(cls, pixels: int, limit: int) -> "TooManyPixels":
        """Where only their number is known."""
        error = cls.__new__(cls)
        error.args = (f"photo has {pixels:,} pixels; the limit is {limit:,}",)
        return error


class UnsupportedFormat(PhotoError):
    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(f"photo is {found}; allowed are {allowed}")


class UndecodablePhoto(PhotoError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"photo cannot be decoded: {reason}")
