"""Passwords in addresses, which are shown to nobody: not in a log, an answer or a message."""

import re

_MASK = "***"
_BEFORE_HOST = re.compile(r"""(://[^\s/:@'"]*:)(?!\d{1,5}/)[^\s'"]+@""")  # as typed: an @ or / too
_IN_QUERY = re.compile(r"""([?&](?:\w+_)?password=)[^&\s'"]+""")


def masked(text: str) -> str:
    """The text, with *** for the password of every address in it: `redis://me:***@host`."""
    if "://" not in text:
        return text
    return _IN_QUERY.sub(rf"\1{_MASK}", _BEFORE_HOST.sub(rf"\1{_MASK}@", text))
