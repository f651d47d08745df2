"""Tests mirror the sources: `tests/jobs/redis/test_queue.py` tests `jobs/redis/queue.py`.

Whole features are tested in `contract` (HTTP as the docs promise it), `service` (real processes,
killed and upgraded), `web` (the page in Chromium) and `client` (the SDK). `docs`, `deploy` and
`project` compare pages, manifests and rules with the code.
"""
