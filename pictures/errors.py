"""What can be wrong with a photo.

PhotoError
├── PhotoTooLarge       more bytes than allowed
├── TooManyPixels       more pixels than allowed, by its header
├── TooComplex          would cost more to decode than a photo may
├── UnsupportedFormat   not an image of an allowed format
└── UndecodablePhoto    an image, but truncated or damaged

WrongMask               a mask of lesions without its photo, of another size or with other values
"""

from typing import TypeVar

Error = TypeVar("Error", bound="PhotoError")


class PhotoError(Exception):
    """A photo that cannot be used; the message names what was given and the limit."""


class PhotoTooLarge(PhotoError):
    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"photo is {size:,} bytes; the limit is {limit:,}")


class TooManyPixels(PhotoError):
    def __init__(self, width: int, height: int, limit: int, of: str = "") -> None:
        """`of`: what the limit holds for, where it does not hold for all photos."""
        super().__init__(
            f"photo is {width} x {height} = {width * height:,} pixels; the limit {of}is {limit:,}"
        )

    @classmethod
    def in_a_row(cls, width: int, height: int, limit: int) -> "TooManyPixels":
        """The error for a side that is too long."""
        return _made(cls, f"photo is {width} x {height} pixels; the limit of a side is {limit:,}")


class TooComplex(PhotoError):
    def __init__(self, found: str, limit: int) -> None:
        """found: how much of what, as in "500 scans"."""
        super().__init__(f"photo has {found}; the limit is {limit:,}")

    @classmethod
    def over(cls, limit: int, what: str) -> "TooComplex":
        """The error where counting stopped at the limit."""
        return _made(cls, f"photo has over {limit:,} {what}, which is the limit")

    @classmethod
    def took(cls, limit: str) -> "TooComplex":
        """For what shows only while it is decoded. limit: "5 s of processor time"."""
        return _made(cls, f"photo needs more to be decoded than it may: the limit is {limit}")


class UnsupportedFormat(PhotoError):
    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(f"photo is {found}; allowed are {allowed}")


class UndecodablePhoto(PhotoError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"photo cannot be decoded: {reason}")


def restored(name: str, message: str) -> PhotoError:
    """The error of that class name and message, as another process raised it."""
    known = {kind.__name__: kind for kind in PhotoError.__subclasses__()}
    return _made(known.get(name, UndecodablePhoto), message)


def _made(kind: type[Error], message: str) -> Error:
    error = kind.__new__(kind)
    error.args = (message,)
    return error


class WrongMask(ValueError):
    """A mask that does not belong to a photo; the message names the file and what is allowed."""
