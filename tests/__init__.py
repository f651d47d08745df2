"""Tests mirror the sources: `tests/jobs/test_queue.py` tests `jobs/queue.py`."""
