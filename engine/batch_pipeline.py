"""A model kept busy: the next batches are loaded ahead of it, the last ones ended behind it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Generic, TypeVar, cast

Input = TypeVar("Input")
Loaded = TypeVar("Loaded")
Inferred = TypeVar("Inferred")
Output = TypeVar("Output")
_BATCHES_AHEAD = 2


class BatchPipeline(Generic[Input, Loaded, Inferred, Output]):
    """`load` and `finish` run on threads, a thing at a time; `infer` in the thread that asks, a
    batch at a time. What goes wrong with one thing stays its own: a batch that fails is inferred
    at again one by one."""

    def __init__(
        self,
        load: Callable[[Input], Loaded],
        infer: Callable[[Sequence[Loaded]], Sequence[Inferred]],
        finish: Callable[[Input, Loaded, Inferred], Output],
        *,
        batch: int = 16,
        threads: int = 2,
    ) -> None:
        self._load, self._infer, self._finish = load, infer, finish
        self._batch, self._threads = batch, threads

    def run(self, given: Iterable[Input]) -> Generator[tuple[Input, Output | Exception]]:
        """Each thing, in order, with what was made of it or what was wrong with it.

        At most four batches are in hand. What is in hand when the caller stops asking is
        dropped.
        """
        pools = [ThreadPoolExecutor(self._threads) for _ in range(2)]
        try:
            yield from self._run(iter(given), *pools)
        finally:
            for pool in pools:
                pool.shutdown(cancel_futures=True)

    def _run(
        self, given: Iterator[Input], loaders: ThreadPoolExecutor, finishers: ThreadPoolExecutor
    ) -> Iterator[tuple[Input, Output | Exception]]:
        ahead: deque[list[tuple[Input, Future[Loaded]]]] = deque()
        behind: deque[list[tuple[Input, Future[Output]]]] = deque()
        while True:
            while len(ahead) <= _BATCHES_AHEAD and (batch := list(islice(given, self._batch))):
                ahead.append([(one, loaders.submit(self._load, one)) for one in batch])
            if not ahead:
                break
            behind.append(self._process(ahead.popleft(), finishers))
            if len(behind) > 1:
                yield from _results(behind.popleft())
        for last in behind:
            yield from _results(last)

    def _process(
        self, batch: Sequence[tuple[Input, Future[Loaded]]], finishers: ThreadPoolExecutor
    ) -> list[tuple[Input, Future[Output]]]:
        """The batch inferred at and handed over for ending."""
        loaded = [_outcome(future) for _, future in batch]
        inferred = iter(self._infer_all([one for one in loaded if not isinstance(one, Exception)]))
        found = [one if isinstance(one, Exception) else next(inferred) for one in loaded]
        return [
            (given, finishers.submit(self._finish_one, given, one, inferred_one))
            for (given, _), one, inferred_one in zip(batch, loaded, found, strict=True)
        ]

    def _infer_all(self, loaded: Sequence[Loaded]) -> list[Inferred | Exception]:
        """All at once; one by one when that fails, so that a poison thing fails alone."""
        try:
            return list(self._infer(loaded)) if loaded else []
        except Exception as error:  # noqa: BLE001 - it is what is told of the thing
            if len(loaded) == 1:
                return [error]
            return [found for one in loaded for found in self._infer_all([one])]

    def _finish_one(
        self, given: Input, loaded: Loaded | Exception, inferred_one: Inferred | Exception
    ) -> Output:
        for one in (loaded, inferred_one):
            if isinstance(one, Exception):
                raise one
        return self._finish(given, cast(Loaded, loaded), cast(Inferred, inferred_one))


def _outcome(future: Future[Any]) -> Any:
    """What it gave, or the exception."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - it is what is told of the thing
        return error


def _results(
    batch: Sequence[tuple[Input, Future[Output]]],
) -> Iterator[tuple[Input, Output | Exception]]:
    for given, future in batch:
        yield given, _outcome(future)
