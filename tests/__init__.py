"""Tests mirror the sources: `tests/engine/test_overlay.py` is about `engine/overlay.py`."""
