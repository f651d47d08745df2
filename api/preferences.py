"""`Prefer: wait=N` (RFC 7240)."""

import re

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def wait_seconds(prefer: str | None, longest: float) -> float | None:
    """Seconds asked for, at most `longest`; None when nothing was asked."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), longest) if found else None
