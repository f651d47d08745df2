"""Ctrl-C: the first one lets the current batch finish, the second one stops at once."""

import signal
from types import FrameType
from typing import Self


class Interrupt:
    """`asked`: whether to stop. For the main thread."""

    asked = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
