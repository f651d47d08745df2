"""The client to be awaited: `sync` with `await`, and nothing else; a test compares the two."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from cropshield_client import calls, flows
from cropshield_client.calls import Photo, Progress
from cropshield_client.decode import decode
from cropshield_client.flows import Flow, Sleep
from cropshield_client.models import Batch, Explained, Job
from cropshield_client.retry import Patience

T = TypeVar("T")
_PATIENCE = Patience()


class AsyncCropShield:
    """A CropShield server.

    `timeout`: seconds of one request without any sign of life. `patience`: how a call is tried
    again. `shrink`: most pixels of the long side of photos, made smaller before they are sent
    (needs `cropshield-client[shrink]`). `http`: an httpx2 client of yours, which stays open.

    Every method raises ProblemError for what the server refuses, and Unreachable.
    """

    def __init__(
        self,
        server: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        patience: Patience = _PATIENCE,
        shrink: int | None = None,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self._server, self._patience, self._shrink = server.rstrip("/"), patience, shrink
        self._headers = {"X-API-Key": api_key} if api_key else {}
        self._timeout, self._owns = timeout, http is None
        self._http = http or httpx2.AsyncClient()

    async def submit(
        self,
        photo: Photo,
        *,
        id: str | None = None,  # noqa: A002 - as the server calls it
        wait: float = 0,
        progress: Progress | None = None,
        **options: Any,
    ) -> Job:
        """Hand in a photo: its bytes, a path or an open file. `options` as in the reference of the
        server. With an `id` of yours (a UUID) the same photo can be handed in for ever again; see
        "Bad links". `wait`: most seconds to wait for its end, 25 at most. `progress(sent, total)`
        is called while the photo is sent."""
        data = await asyncio.to_thread(calls.read_photo, photo, self._shrink)
        call = calls.submit(data, options, id, wait, progress)
        return await self._run(flows.job(call, self._patience))

    async def explain(
        self,
        photo: Photo,
        *,
        timeout: float = 300.0,
        progress: Progress | None = None,
        **options: Any,
    ) -> Explained:
        """Submit, wait, fetch the overlay. Raises JobFailed, TimedOut."""
        data = await asyncio.to_thread(calls.read_photo, photo, self._shrink)
        call = calls.submit(data, options, wait=calls.LONGEST_WAIT, progress=progress)
        return await self._run(flows.explain(call, timeout, self._patience))

    async def job(self, job_id: str) -> Job:
        """A job as it is now."""
        return await self._run(flows.job(calls.get(f"/v1/jobs/{job_id}"), self._patience))

    async def wait(self, job: Job | str, timeout: float = 300.0) -> Job:
        """The job when it has ended, whatever its end. Raises TimedOut."""
        return await self._run(flows.wait(_id(job), timeout, self._patience))

    async def jobs(
        self,
        *,
        state: str | None = None,
        client_ref: str | None = None,
        since: datetime | None = None,
    ) -> AsyncIterator[Job]:
        """Your jobs, the newest first, page by page."""
        wanted: dict[str, Any] = {"state": state, "client_ref": client_ref}
        wanted["since"] = since and since.isoformat()
        cursor: str | None = ""
        while cursor is not None:
            call = calls.get("/v1/jobs", limit=100, cursor=cursor or None, **wanted)
            page = (await self._run(flows.send(call, self._patience))).json()
            for found in page["jobs"]:
                yield decode(Job, found)
            cursor = page["next_cursor"]

    async def stream(self, job: Job | str) -> AsyncIterator[Job]:
        """The job at every change, up to its end; a broken stream is taken up again."""
        follow = flows.Follow(_id(job), self._patience)
        while not follow.is_over:
            try:
                async with self._http.sse(
                    self._server + follow.path,
                    headers=self._headers | follow.headers,
                    timeout=self._timeout,
                ) as events:
                    if events.response.is_error:
                        await events.response.aread()
                    follow.check(events.response)
                    async for event in events:
                        yield follow.take(event)
                follow.lost(None)
            except httpx2.TransportError as error:
                follow.lost(error)
            await asyncio.sleep(follow.delay)

    async def cancel(self, job: Job | str) -> Job:
        """Call it off; a job that has ended stays as it is."""
        return await self._run(flows.cancel(_id(job), self._patience))

    async def delete(self, job: Job | str) -> Job:
        """Call it off or, when it has ended, erase its photo, maps and overlays."""
        return await self._run(flows.job(calls.delete(f"/v1/jobs/{_id(job)}"), self._patience))

    async def batch(self, photos: Iterable[Photo], **options: Any) -> Batch:
        """Hand in up to 64 photos; each becomes a job of its own."""
        named = await asyncio.to_thread(calls.named_all, photos, self._shrink)
        return await self._run(flows.batch(calls.batch(named, options), self._patience))

    async def wait_batch(self, batch: Batch | str, timeout: float = 600.0) -> Batch:
        """The batch when all its jobs have ended. Raises TimedOut."""
        return await self._run(flows.wait_batch(_id(batch), timeout, self._patience))

    async def feedback(
        self,
        job: Job | str,
        *,
        agree: bool,
        class_name: str | None = None,
        note: str | None = None,
    ) -> None:
        """Say whether the first prediction is right and, where it is not, what would be."""
        opinion = {"agree": agree, "class_name": class_name, "note": note}
        await self._run(flows.send(calls.feedback(_id(job), opinion), self._patience))

    async def overlay(self, job: Job | str, **look: Any) -> bytes:
        """The photo with the heat laid over it, as a picture file."""
        return await self._file(job, "overlay", look)

    async def heatmap(self, job: Job | str, **look: Any) -> bytes:
        """The raw map: PNG, or `format="npy"` or `"json"`."""
        return await self._file(job, "heatmap", look)

    async def comparison(self, job: Job | str, **look: Any) -> bytes:
        """The photo and all explained classes side by side."""
        return await self._file(job, "comparison", look)

    async def photo(self, job: Job | str) -> bytes:
        """The photo that the model saw."""
        return await self._file(job, "photo", {})

    async def models(self) -> list[dict[str, Any]]:
        """The cards of all models."""
        found = await self._run(flows.send(calls.get("/v1/models"), self._patience))
        return list(found.json())

    async def close(self) -> None:
        """Close the connections."""
        if self._owns:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _file(self, job: Job | str, name: str, look: dict[str, Any]) -> bytes:
        call = calls.get(f"/v1/jobs/{_id(job)}/{name}", **look)
        answer = await self._run(flows.send(call, self._patience))
        return bytes(answer.content)

    async def _run(self, flow: Flow[T]) -> T:
        """Do what the flow asks for, until it returns."""
        given: httpx2.Response | Exception | None = None
        try:
            while True:
                step = flow.throw(given) if isinstance(given, Exception) else flow.send(given)
                given = await self._do(step)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def _do(self, step: calls.Call | Sleep) -> httpx2.Response | Exception | None:
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return await self._send(step)
        except httpx2.TransportError as error:
            return error

    async def _send(self, call: calls.Call) -> httpx2.Response:
        return await self._http.request(
            call.method,
            self._server + call.path,
            params=call.params,
            headers=self._headers | call.headers,
            content=None if call.body is None else call.chunks_async(),
            files=call.files,
            timeout=self._timeout + call.hold,
        )


def _id(thing: Job | Batch | str) -> str:
    return thing if isinstance(thing, str) else thing.id
