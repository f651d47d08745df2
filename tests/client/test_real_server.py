"""The Python SDK on a real server, also through a link that drops connections."""

import asyncio
import io
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest
from PIL import Image

from cropshield_client import AsyncCropShield, CropShield, NotFound, RetryPolicy
from tests.client.bad_link import bad_link
from tests.service.conftest import Service

pytestmark = pytest.mark.service
PHOTOS = 200


def tiny(seed: int) -> bytes:
    """A drawn leaf with noise of its own, so that no two photos are one."""
    grain = np.random.default_rng(seed).integers(0, 30, (48, 64, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grain + 90).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def test_a_photo_goes_in_and_its_overlay_comes_back(address: str, leaf_jpeg: bytes) -> None:
    told: list[tuple[int, int]] = []
    with CropShield(address) as client:
        explained = client.explain(leaf_jpeg, top_k=2, progress=lambda *sent: told.append(sent))
        assert Image.open(io.BytesIO(explained.overlay)).format == "JPEG"
        assert 0 < explained.job.best.confidence <= 1
        assert told[-1] == (len(leaf_jpeg), len(leaf_jpeg))
        assert Image.open(io.BytesIO(client.heatmap(explained.job, rank=1))).size == (16, 16)
        assert client.comparison(explained.job)
        client.feedback(explained.job, agree=True)
        client.delete(explained.job)
        with pytest.raises(NotFound):
            client.job(str(uuid.uuid4()))


def test_a_job_is_followed_listed_and_canceled(address: str) -> None:
    with CropShield(address) as client:
        job = client.submit(tiny(1001), client_ref="followed")
        states = [found.state for found in client.stream(job)]
        assert states[-1] == "succeeded"
        assert [found.id for found in client.jobs(client_ref="followed")] == [job.id]
        assert client.cancel(job).succeeded


def test_a_batch_with_one_bad_photo_is_done(address: str) -> None:
    with CropShield(address) as client:
        batch = client.wait_batch(client.batch([tiny(1002), b"no photo", tiny(1003)]))
        ended = [item.job.state if item.job else "refused" for item in batch.items]
        assert ended == ["succeeded", "refused", "succeeded"]


def test_a_photo_of_an_offline_queue_can_be_handed_in_again(address: str) -> None:
    chosen = str(uuid.uuid4())
    with CropShield(address) as client:
        for _ in range(2):
            assert client.submit(tiny(1004), id=chosen).id == chosen
        assert client.wait(chosen).succeeded
        assert client.submit(tiny(1004), id=chosen).succeeded


def test_both_clients_get_the_same(address: str, leaf_jpeg: bytes) -> None:
    async def one() -> str:
        async with AsyncCropShield(address) as client:
            explained = await client.explain(leaf_jpeg)
            states = [found.state async for found in client.stream(explained.job)]
            assert states == ["succeeded"]
            return explained.job.best.class_name

    with CropShield(address) as client:
        assert client.explain(leaf_jpeg).job.best.class_name == asyncio.run(one())


def test_what_people_read_is_in_the_language_of_the_client(address: str, leaf_jpeg: bytes) -> None:
    with CropShield(address) as english, CropShield(address, language="es") as spanish:
        job = english.explain(leaf_jpeg).job
        same = spanish.job(job.id)
        assert same.best.title != job.best.title
        assert same.best.class_name == job.best.class_name
        assert same.result is not None
        assert same.result.advice is not None
        assert same.result.verdict == job.result.verdict  # type: ignore[union-attr]
        (streamed,) = spanish.stream(job)
        assert streamed.best.title == same.best.title
        told, shown = (client.describe(job.best) for client in (english, spanish))
        assert told is not None
        assert shown is not None
        assert (told.causes, told.title) == (shown.causes, job.best.title)
        assert (shown.title, shown.symptoms) != (told.title, told.symptoms)
        assert {card["title"] for card in spanish.models()} & {
            card["title"] for card in english.models()
        } == set()
        with pytest.raises(NotFound, match="no existe el trabajo"):
            spanish.job(str(uuid.uuid4()))


def test_the_language_may_be_a_list_and_one_that_is_not_offered_is_english(
    address: str,
) -> None:
    async def named(language: str) -> list[str]:
        async with AsyncCropShield(address, language=language) as client:
            return [found.title for found in await client.classes()]

    assert asyncio.run(named("de, sw;q=0.8")) == asyncio.run(named("sw"))
    assert asyncio.run(named("de")) == asyncio.run(named("en")) != asyncio.run(named("sw"))


def test_200_photos_through_a_bad_link_are_200_results_and_no_duplicate(server: Service) -> None:
    retry = RetryPolicy(deadline=400, initial=0.05, maximum=0.5)
    reference = f"bad-link-{uuid.uuid4()}"
    one_request_each = httpx2.Limits(max_keepalive_connections=0)
    with bad_link("127.0.0.1", server.port) as link, httpx2.Client(limits=one_request_each) as http:
        client = CropShield(link.address, retry=retry, http=http)

        def explain(seed: int) -> tuple[str, str]:
            explained = client.explain(tiny(seed), client_ref=reference, timeout=400)
            return explained.job.id, explained.job.raw["image"]["sha256"]

        with ThreadPoolExecutor(8) as threads:
            done = list(threads.map(explain, range(PHOTOS)))
    with CropShield(str(server.http.base_url)) as direct:
        known = [job.id for job in direct.jobs(client_ref=reference)]
    assert len({sha for _, sha in done}) == PHOTOS
    assert sorted(known) == sorted(job_id for job_id, _ in done)
    assert link.accepted > PHOTOS
    assert link.dropped > PHOTOS / 5
