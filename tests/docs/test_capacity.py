"""Pages of what a server carries: their tables are of the files in benchmarks/results."""

import re

from benchmarks.scale.blobs import MAPS_BYTES, OVERLAY_BYTES
from scripts.capacity.job import Job
from scripts.capacity.pages import PAGES, TABLES, refreshed


def test_tables_of_a_page_are_those_of_the_results() -> None:
    found = []
    for path in PAGES:
        page = path.read_text("utf-8")
        assert refreshed(page) == page, "python -m scripts.capacity writes them anew"
        found += re.findall(r"^<!-- (\w+) -->\n.*?^<!-- end -->$", page, re.MULTILINE | re.DOTALL)
    assert sorted(found) == sorted(TABLES)


def test_a_photo_passes_the_store_twice_and_stays_once() -> None:
    job = Job(
        worker=40.0, api=2.0, redis=0.5, redis_from="", model=14.0, record=4000, photo=300_000
    )
    assert job.blobs == 300_000 + MAPS_BYTES + OVERLAY_BYTES
    assert job.at_the_store == 600_000 + job.blobs + OVERLAY_BYTES
