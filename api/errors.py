"""What can go wrong with a request before it is one about a job.

CropShieldError
├── WrongHost           asked under a name that may be somebody else's
├── WrongOrigin         asked by a page of another site
├── TooSlow             a body does not come
├── WrongKey            no API key, or a wrong one
└── Unavailable
    └── TooManyUploads  as many photos are on their way as may be
"""

from jobs.errors import CropShieldError, Unavailable


class WrongHost(CropShieldError):
    def __init__(self, host: str) -> None:
        super().__init__(
            f"host {host!r:.200} is neither an address nor localhost; "
            "CROPSHIELD_ALLOWED_HOSTS names others"
        )


class WrongOrigin(CropShieldError):
    def __init__(self, origin: str) -> None:
        super().__init__(
            f"a page of {origin!r:.200} asks for a change; CROPSHIELD_CORS_ORIGINS names who may"
        )


class TooSlow(CropShieldError):
    def __init__(self, seen: int, seconds: float, rate: float) -> None:
        super().__init__(
            f"{seen:,} bytes of the body came in {seconds:.0f} s; the least is {rate:,.0f} a second"
        )


class WrongKey(CropShieldError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; send the header X-API-Key, `cropshield keys add` makes one")


class TooManyUploads(Unavailable):
    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} uploads are on their way, which is the most at once")
