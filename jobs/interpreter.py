"""The Python interpreter of a process that serves."""

import sys

_SWITCH_SECONDS = 0.0005


def switch_threads_often() -> None:
    """A thread may keep the interpreter for half a millisecond while another waits for it.

    By Python's own 5 ms a request waits for somebody else's JSON, and the overlay of a photo for
    the mask of its leaf.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
