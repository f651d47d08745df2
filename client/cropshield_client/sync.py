"""The client that waits. Made of `aio.py` by `python -m scripts.sync_client`."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2

from cropshield_client import endpoints, flows, graphs
from cropshield_client.classes import ClassDescription
from cropshield_client.download import Download, Progress
from cropshield_client.endpoints import Photo, Request
from cropshield_client.flows import FAILURES, Flow, Sleep, Work
from cropshield_client.models import Batch, Explained, Job, Prediction
from cropshield_client.retry import RetryPolicy

T = TypeVar("T")
_RETRY = RetryPolicy()


class CropShield:
    """A CropShield server.

    `language`: of what people read in answers and errors, "es" or anything that `Accept-Language`
    may be; English where the server has no other. `timeout`: seconds that a request may go without
    any data. `retry`: for how long a call is tried again. `shrink`: pixels; photos with a longer
    side are made smaller before they are sent (needs `cropshield-client[shrink]`). `http`: your own
    httpx2 client, which is not closed here.

    Every method raises ProblemError when the server refuses, Unreachable without an answer, and
    InvalidResponse when something else answers.
    """

    def __init__(
        self,
        server: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        language: str | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy = _RETRY,
        shrink: int | None = None,
        http: httpx2.Client | None = None,
    ) -> None:
        self._server, self._retry, self._shrink = server.rstrip("/"), retry, shrink
        self._headers = endpoints.common_headers(api_key, language)
        self._timeout, self._owns_http = timeout, http is None
        self._http = http or httpx2.Client()

    def submit(
        self,
        photo: Photo,
        *,
        id: str | None = None,  # noqa: A002 - as the server calls it
        wait: float = 0,
        progress: Progress | None = None,
        **options: Any,
    ) -> Job:
        """Submit a photo: its bytes, a path or an open file.

        `id`: a UUID of your own; the same photo can then be sent any number of times. `wait`:
        seconds to wait for the end of the job, 25 at most. `progress(sent, total)` is called while
        the photo is sent. `options`: those of `POST /v1/jobs`.
        """
        data = endpoints.read_photo(photo, self._shrink)
        request = endpoints.submit(data, options, id, wait, progress)
        return self._run(flows.job(request, self._retry))

    def explain(
        self,
        photo: Photo,
        *,
        timeout: float = 300.0,
        progress: Progress | None = None,
        **options: Any,
    ) -> Explained:
        """Submit, wait up to `timeout` seconds, fetch the overlay. Raises JobFailed, TimedOut."""
        data = endpoints.read_photo(photo, self._shrink)
        request = endpoints.submit(data, options, wait=endpoints.MAX_WAIT, progress=progress)
        return self._run(flows.explain(request, timeout, self._retry))

    def job(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._run(flows.job(endpoints.get(f"/v1/jobs/{job_id}"), self._retry))

    def wait(self, job: Job | str, timeout: float = 300.0) -> Job:
        """The job when it has ended, whatever its end. Raises TimedOut after `timeout` seconds."""
        return self._run(flows.wait(_id(job), timeout, self._retry))

    def jobs(
        self,
        *,
        state: str | None = None,
        client_ref: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[Job]:
        """Your jobs, the newest first, fetched page by page."""
        filters: dict[str, Any] = {"state": state, "client_ref": client_ref}
        filters["since"] = since and since.isoformat()
        cursor: str | None = ""
        while cursor is not None:
            request = endpoints.get("/v1/jobs", limit=100, cursor=cursor or None, **filters)
            page = self._run(flows.job_page(request, self._retry))
            yield from page.jobs
            cursor = page.next_cursor

    def stream(self, job: Job | str) -> Iterator[Job]:
        """The job at every change until it ends; reconnects when the stream breaks off."""
        stream = flows.EventStream(_id(job), self._retry)
        while not stream.is_over:
            try:
                with self._http.sse(
                    self._server + stream.path,
                    headers=self._headers | stream.headers,
                    timeout=self._timeout,
                ) as events:
                    if events.response.is_error:
                        events.response.read()
                    stream.check(events.response)
                    for event in events:
                        yield stream.receive(event)
                stream.disconnected(None)
            except FAILURES as error:
                stream.disconnected(error)
            time.sleep(stream.delay)

    def cancel(self, job: Job | str) -> Job:
        """Cancel the job; one that has ended stays as it is."""
        return self._run(flows.cancel(_id(job), self._retry))

    def delete(self, job: Job | str) -> Job:
        """Cancel the job or, when it has ended, erase its photo, maps and overlays."""
        return self._run(flows.job(endpoints.delete(f"/v1/jobs/{_id(job)}"), self._retry))

    def batch(self, photos: Iterable[Photo], **options: Any) -> Batch:
        """Submit up to 64 photos; each becomes a job of its own."""
        named = endpoints.read_photos(photos, self._shrink)
        return self._run(flows.batch(endpoints.submit_batch(named, options), self._retry))

    def wait_batch(self, batch: Batch | str, timeout: float = 600.0) -> Batch:
        """The batch when all its jobs have ended. Raises TimedOut after `timeout` seconds."""
        return self._run(flows.wait_batch(_id(batch), timeout, self._retry))

    def feedback(
        self,
        job: Job | str,
        *,
        agree: bool,
        class_name: str | None = None,
        note: str | None = None,
    ) -> None:
        """Say whether the first prediction is right; if not, `class_name` is the right one."""
        document = {"agree": agree, "class_name": class_name, "note": note}
        self._run(flows.send(endpoints.feedback(_id(job), document), self._retry))

    def overlay(self, job: Job | str, **params: Any) -> bytes:
        """The photo with the heat laid over it, as a picture file."""
        return self._file(job, "overlay", params)

    def heatmap(self, job: Job | str, **params: Any) -> bytes:
        """The raw map: PNG, or `format="npy"` or `"json"`."""
        return self._file(job, "heatmap", params)

    def comparison(self, job: Job | str, **params: Any) -> bytes:
        """The photo and all explained classes side by side, as a picture file."""
        return self._file(job, "comparison", params)

    def photo(self, job: Job | str) -> bytes:
        """The photo that the model saw, as a picture file."""
        return self._file(job, "photo", {})

    def models(self) -> list[dict[str, Any]]:
        """The cards of all models."""
        return self._run(flows.models(self._retry))

    def download_graph(
        self, model: str, path: str | Path, *, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Have the model's graph, an ONNX file, at `path`; its card.

        Nothing is fetched when it is there already; a download that broke off goes on where it
        stopped, also after the process has ended. `path` is never half a file, and its hash is that
        of the card. `progress(received, total)` is called with bytes. Raises NotFound for a model
        without a graph, InvalidResponse for a file that is not the one described; OSError.
        """
        return self._run(graphs.fetch_graph(model, path, progress, self._retry))

    def classes(self, model: str | None = None) -> list[ClassDescription]:
        """What the classes of a model are, in its order; of the server's default model without."""
        return self._run(flows.classes(model, self._retry))

    def describe(
        self, what: Prediction | str, *, model: str | None = None
    ) -> ClassDescription | None:
        """What a class is, of a prediction or by its name; None where it is not described."""
        return self._run(flows.describe(what, model, self._retry))

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _file(self, job: Job | str, name: str, params: dict[str, Any]) -> bytes:
        request = endpoints.get(f"/v1/jobs/{_id(job)}/{name}", **params)
        response = self._run(flows.send(request, self._retry))
        return bytes(response.content)

    def _run(self, flow: Flow[T]) -> T:
        """Send what the flow yields, until it returns."""
        outcome: Any = None
        try:
            while True:
                error = outcome if isinstance(outcome, FAILURES) else None
                step = flow.throw(error) if error else flow.send(outcome)
                outcome = self._perform(step)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _perform(self, step: Request | Sleep | Work) -> Any:
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Work):
            return step.work()
        try:
            if step.to:
                return self._receive(step, step.to)
            return self._send(step)
        except FAILURES as error:
            return error

    def _send(self, request: Request) -> httpx2.Response:
        return self._http.request(
            request.method,
            self._server + request.path,
            params=request.params,
            headers=self._headers | request.headers,
            content=None if request.body is None else request.iter_body(),
            files=request.files,
            timeout=self._timeout + request.server_wait,
        )

    def _receive(self, request: Request, download: Download) -> httpx2.Response:
        """A file is written to the disk; what else is answered is in the response."""
        with self._http.stream(
            request.method,
            self._server + request.path,
            headers=self._headers | request.headers | download.headers,
            timeout=self._timeout,
        ) as response:
            if endpoints.is_file(response):
                download.begin(response.status_code, response.headers)
                for chunk in response.iter_bytes():
                    download.write(chunk)
            else:
                response.read()
            return response


def _id(resource: Job | Batch | str) -> str:
    return resource if isinstance(resource, str) else resource.id
