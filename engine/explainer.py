"""The one stateful class: a warm model that predicts and explains batches of photos."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Self, TypedDict, Unpack

import numpy as np

from engine.batch_requests import check_requests, classes_to_explain, top_predictions
from engine.errors import OutOfMemory
from engine.explanation import ClassMap, Explanation, Prediction, Request, Timings
from engine.photos.decode import Photo
from engine.photos.prepare import prepare
from engine.runtimes.base import Precision, Runtime, RuntimeChoice, RuntimeOptions, RuntimeOutput
from engine.runtimes.select import select_runtime
from engine.torch_types import Device, Network
from models.cards.card import Card
from models.verdicts.verdict import Calibrator
from pictures.pixels import Pixels

__all__ = ["ClassMap", "Explainer", "Explanation", "Prediction", "Request", "Timings"]
log = logging.getLogger(__name__)


class ExplainerOptions(TypedDict, total=False):
    """Keywords of `Explainer`."""

    model: Network | None
    runtime: RuntimeChoice
    precision: Precision
    threads: int
    threads_alone: int
    cache: Path | None


class Explainer:
    """A loaded model: batch norms folded, on its device, ready.

    A batch takes one forward pass, and the gradients of all (photo, class) pairs go through the
    head alone. Safe to use from several threads. `model` replaces the card's weights.
    `on_out_of_memory` is called for every batch that did not fit and was halved. `device` is "cpu",
    "cuda:0", …. The rest: see `engine.runtimes.base.RuntimeOptions`. Raises CardError for missing
    weights, WrongLayer for the card's target layer, TorchMissing where the model needs torch and
    that is not installed.
    """

    def __init__(
        self,
        card: Card,
        device: Device | None = None,
        *,
        model: Network | None = None,
        runtime: RuntimeChoice = "auto",
        precision: Precision = "float32",
        threads: int = 0,
        threads_alone: int = 0,
        cache: Path | None = None,
    ) -> None:
        self.card, self.target_layer = card, card.target_layer
        self._calibrate = Calibrator(card)
        self.on_out_of_memory: Callable[[], None] = lambda: None
        options = RuntimeOptions(runtime, precision, threads, threads_alone, cache)
        self._selected = select_runtime(card, device, model, options)
        self._runtime, self.device = self._selected.runtime, self._selected.device
        self.box = self._selected.box

    @property
    def runtime(self) -> str:
        """What the model runs in: "torch" or "graph"."""
        return self._runtime.name

    @property
    def precision(self) -> Precision:
        """The precision of the layers up to the target layer; what comes after is float32."""
        return "bfloat16" if self._runtime.half else "float32"

    @classmethod
    def load(
        cls, card: Card, device: Device | None = None, **options: Unpack[ExplainerOptions]
    ) -> Self:
        """A warm explainer: it has explained a photo."""
        explainer = cls(card, device, **options)
        explainer.warm_up()
        return explainer

    def warm_up(self, batch: int = 1) -> None:
        """Explain a grey picture, so that the first photo is not slow."""
        side = self.card.preprocessing.size
        grey = Photo(np.full((side, side, 3), 128, np.uint8), side, side, "PNG")
        self.explain([grey] * batch, [Request()] * batch)
        if self._selected.alone:
            self.explain([grey], [Request()], alone=True)

    def forward(self, pixels: Sequence[Pixels]) -> RuntimeOutput:
        """The forward pass that `explain` begins with, over upright photos, uint8 (h, w, 3)."""
        return self._runtime.forward(prepare(pixels, self.card.preprocessing))

    def explain(
        self, photos: Sequence[Photo], requests: Sequence[Request], *, alone: bool = False
    ) -> list[Explanation]:
        """One explanation for each photo and its request, in order.

        `alone`: nothing else needs the cores; a model on a CPU may take `threads_alone` of them.

        Raises WrongClass, UnknownMethod or WrongInput before the model runs.
        """
        check_requests(photos, requests, len(self.card.class_names))
        if not photos:
            return []
        with suppress(OutOfMemory):
            return self._explain(photos, requests, on=self._selected.alone if alone else None)
        # Only here is the memory free again: the error held every tensor of the batch.
        return self._explain_in_halves(photos, requests)

    def _explain_in_halves(
        self, photos: Sequence[Photo], requests: Sequence[Request]
    ) -> list[Explanation]:
        """After the GPU ran out of memory: one half after the other, down to one photo, and that on
        the CPU."""
        half = len(photos) // 2
        self.on_out_of_memory()
        log.warning("no memory on %s for a batch of %d", self.device, len(photos))
        if not half:
            return self._explain(photos, requests, on=self._on_cpu)
        parts = slice(None, half), slice(half, None)
        return [made for part in parts for made in self.explain(photos[part], requests[part])]

    @cached_property
    def _on_cpu(self) -> Runtime:
        """The same model on the CPU."""
        assert self._selected.on_cpu  # noqa: S101 - a CPU's runtime never says OutOfMemory
        return self._selected.on_cpu()

    def _explain(
        self, photos: Sequence[Photo], requests: Sequence[Request], on: Runtime | None = None
    ) -> list[Explanation]:
        start = perf_counter()
        batch = prepare([photo.pixels for photo in photos], self.card.preprocessing)
        prepared = perf_counter()
        output = (on or self._runtime).forward(batch)
        answers = self._calibrate(output.logits, output.pooled())
        inferred = perf_counter()
        maps = self._maps(output, classes_to_explain(answers.confidences, requests), requests)
        ends = prepared - start, inferred - prepared, perf_counter() - inferred
        timings = Timings(*(1000 * seconds for seconds in ends))
        names = self.card.class_names
        return [
            Explanation(top_predictions(row, names), tuple(own), timings, row, score, verdict)
            for row, own, score, verdict in zip(
                answers.confidences, maps, answers.scores, answers.verdicts, strict=True
            )
        ]

    def _maps(
        self, output: RuntimeOutput, targets: list[list[int]], requests: Sequence[Request]
    ) -> list[list[ClassMap]]:
        """The maps of all pairs from one gradient tensor, grouped by photo."""
        photos = [i for i, classes in enumerate(targets) for _ in classes]
        classes = [index for own in targets for index in own]
        dealt: list[list[ClassMap]] = [[] for _ in targets]
        if not photos:
            return dealt
        methods = [requests[photo].method for photo in photos]
        maps, peaks = output.cams(photos, classes, methods)
        pairs = zip(photos, classes, methods, maps, peaks.tolist(), strict=True)
        for photo, index, name, heatmap, peak in pairs:
            dealt[photo].append(ClassMap(index, name, heatmap, not peak > 0, peak, self.box))
        return dealt
