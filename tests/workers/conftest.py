"""Workers are tested on the queue's own fixtures."""

from tests.jobs.conftest import desk

__all__ = ["desk"]
