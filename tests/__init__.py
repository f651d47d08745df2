"""Tests mirror the sources: `tests/jobs/redis/test_watch.py` tests `jobs/redis/watch.py`. What does
much, such as the queue and the pipeline, has a file for each thing that it does.

Whole features are tested in `contract` (HTTP as the docs promise it), `service` (real processes,
killed and upgraded), `web` (the page in Chromium) and `client` (the SDK). `docs`, `deploy` and
`project` compare pages, manifests and rules with the code.
"""
