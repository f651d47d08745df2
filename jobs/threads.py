"""Threads of a process: how they share the interpreter, and calls that nobody waits for long."""

import sys
import threading
from collections.abc import Callable

_SWITCH_SECONDS = 0.0005


def switch_threads_often() -> None:
    """A thread may keep the interpreter for half a millisecond while another waits for it.

    By Python's own 5 ms a request waits for somebody else's JSON, and the overlay of a photo for
    the mask of its leaf.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


def run_within(seconds: float, call: Callable[[], object]) -> None:
    """Call it, but wait for `seconds` at most: what a process does as it ends may meet a server
    that hangs. The thread then ends with the process."""
    thread = threading.Thread(target=call, name="last-call", daemon=True)
    thread.start()
    thread.join(seconds)
