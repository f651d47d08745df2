"""Workers are tested on the queue's own fixtures."""

from tests.jobs.conftest import harness

__all__ = ["harness"]
