"""Order, errors and read-ahead of the pipeline for folders."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from engine.batch_pipeline import BatchPipeline


def _square(loaded: Sequence[int]) -> list[int]:
    return [one * one for one in loaded]


def test_results_come_in_order_with_what_they_were_made_of() -> None:
    pipeline = BatchPipeline(
        int, _square, lambda given, one, explained: (given, one, explained), batch=3, threads=4
    )
    given = [str(i) for i in range(20)]
    assert list(pipeline.run(given)) == [(str(i), (str(i), i, i * i)) for i in range(20)]


def test_an_input_that_cannot_be_loaded_fails_alone() -> None:
    pipeline = BatchPipeline(int, _square, lambda *all: all[-1], batch=4)
    results = dict(pipeline.run(["1", "x", "3"]))
    assert (results["1"], results["3"]) == (1, 9)
    assert isinstance(results["x"], ValueError)


def test_an_input_that_breaks_its_batch_fails_alone_and_the_rest_is_explained() -> None:
    def explain(loaded: Sequence[int]) -> list[int]:
        if 2 in loaded:
            raise RuntimeError("poison")
        return _square(loaded)

    results = dict(BatchPipeline(int, explain, lambda *all: all[-1], batch=4).run("1234"))
    assert [results[one] for one in "134"] == [1, 9, 16]
    assert str(results["2"]) == "poison"


def test_an_input_that_cannot_be_finished_fails_alone() -> None:
    def finish(given: str, one: int, explained: int) -> float:
        return 1 / one

    results = dict(BatchPipeline(int, _square, finish).run("102"))
    assert (results["1"], results["2"]) == (1, 0.5)
    assert isinstance(results["0"], ZeroDivisionError)


def test_the_next_batches_are_loaded_while_the_model_works() -> None:
    fourth = threading.Event()

    def load(given: int) -> int:
        if given == 3:
            fourth.set()
        return given

    def explain(loaded: Sequence[int]) -> list[int]:
        assert fourth.wait(timeout=300), "nothing was loaded beside the model"
        return list(loaded)

    pipeline = BatchPipeline(load, explain, lambda *all: all[-1], batch=2)
    assert [made for _, made in pipeline.run(range(8))] == list(range(8))


def test_no_more_than_a_few_batches_are_taken_ahead_of_the_caller() -> None:
    taken = []

    def given() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = BatchPipeline(lambda one: one, _square, lambda one, *_: one, batch=10).run(given())
    assert next(results) == (0, 0)
    assert len(taken) <= 50
    results.close()


def test_an_interrupt_ends_the_run() -> None:
    def explain(loaded: Sequence[int]) -> list[int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(BatchPipeline(int, explain, lambda *_: None).run("12"))
