"""Photos through a model in batches: while it works, the next ones load and the last ones finish.

Of a known set of photos, such as a folder. A worker has a pipeline of its own with the same three
steps (`workers/pipeline.py`): what it may take next depends on the queue, batch by batch.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Generic, TypeVar, cast

Input = TypeVar("Input")
Loaded = TypeVar("Loaded")
Explained = TypeVar("Explained")
Output = TypeVar("Output")
_BATCHES_AHEAD = 2


class BatchPipeline(Generic[Input, Loaded, Explained, Output]):
    """`load` and `finish` run on threads, for one input at a time; `explain` runs in the thread
    that iterates, for a batch at a time. An error belongs to the input that causes it."""

    def __init__(
        self,
        load: Callable[[Input], Loaded],
        explain: Callable[[Sequence[Loaded]], Sequence[Explained]],
        finish: Callable[[Input, Loaded, Explained], Output],
        *,
        batch: int = 16,
        threads: int = 2,
    ) -> None:
        self._load, self._explain, self._finish = load, explain, finish
        self._batch, self._threads = batch, threads

    def run(self, inputs: Iterable[Input]) -> Generator[tuple[Input, Output | Exception]]:
        """Each input, in order, with its output or the error that it caused.

        At most four batches are taken at a time. Closing the generator drops them.
        """
        pools = [ThreadPoolExecutor(self._threads) for _ in range(2)]
        try:
            yield from self._run(iter(inputs), *pools)
        finally:
            for pool in pools:
                pool.shutdown(cancel_futures=True)

    def _run(
        self, inputs: Iterator[Input], loaders: ThreadPoolExecutor, finishers: ThreadPoolExecutor
    ) -> Iterator[tuple[Input, Output | Exception]]:
        loading: deque[list[tuple[Input, Future[Loaded]]]] = deque()
        finishing: deque[list[tuple[Input, Future[Output]]]] = deque()
        while True:
            while len(loading) <= _BATCHES_AHEAD and (batch := list(islice(inputs, self._batch))):
                loading.append([(one, loaders.submit(self._load, one)) for one in batch])
            if not loading:
                break
            finishing.append(self._process(loading.popleft(), finishers))
            if len(finishing) > 1:
                yield from _results(finishing.popleft())
        for last in finishing:
            yield from _results(last)

    def _process(
        self, batch: Sequence[tuple[Input, Future[Loaded]]], finishers: ThreadPoolExecutor
    ) -> list[tuple[Input, Future[Output]]]:
        """Explain the batch and hand it over for finishing."""
        loaded = [_outcome(future) for _, future in batch]
        good = [one for one in loaded if not isinstance(one, Exception)]
        explained = iter(isolate_errors(self._explain, good))
        outcomes = [one if isinstance(one, Exception) else next(explained) for one in loaded]
        return [
            (given, finishers.submit(self._finish_one, given, one, outcome))
            for (given, _), one, outcome in zip(batch, loaded, outcomes, strict=True)
        ]

    def _finish_one(
        self, given: Input, loaded: Loaded | Exception, explained: Explained | Exception
    ) -> Output:
        for outcome in (loaded, explained):
            if isinstance(outcome, Exception):
                raise outcome
        return self._finish(given, cast(Loaded, loaded), cast(Explained, explained))


def isolate_errors(
    explain: Callable[[Sequence[Loaded]], Sequence[Explained]], batch: Sequence[Loaded]
) -> list[Explained | Exception]:
    """`explain` of the whole batch; where that raises, of each input by itself, so that only the
    input that causes an error gets it. Raises nothing but what is no Exception."""
    if not batch:
        return []
    try:
        return list(explain(batch))
    except Exception as error:  # noqa: BLE001 - it is the outcome
        if len(batch) == 1:
            return [error]
        return [outcome for one in batch for outcome in isolate_errors(explain, [one])]


def _outcome(future: Future[Any]) -> Any:
    """The result, or the exception."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - it is the outcome
        return error


def _results(
    batch: Sequence[tuple[Input, Future[Output]]],
) -> Iterator[tuple[Input, Output | Exception]]:
    for given, future in batch:
        yield given, _outcome(future)
