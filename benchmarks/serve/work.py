"""The engine's functions as a worker uses them: what every server here runs for a photo."""

import itertools
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.batch_pipeline import BatchPipeline
from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from engine.photos.overlay import encode, render_overlay
from engine.photos.resize import stretch, use_calling_thread
from models.catalog import Catalog
from models.decode_size import decode_for
from workers.allocator import keep_freed_memory

MODEL, BATCH, THREADS = "cropshield_cnn", 16, 4
Loaded = tuple[Photo, Photo]


class Work:
    """A warm model and threads that decode and draw."""

    def __init__(self) -> None:
        keep_freed_memory()
        use_calling_thread()
        self._explainer = Explainer.load(Catalog()[MODEL], "cpu", precision="auto")
        self._preprocessing = self._explainer.card.preprocessing
        self._threads = ThreadPoolExecutor(THREADS)

    def load(self, data: bytes) -> Loaded:
        """The photo, and its square for the model."""
        photo = decode_for(self._preprocessing, data)
        square = stretch(photo.pixels, self._preprocessing.size)
        return photo, replace(photo, pixels=square)

    def explain(self, loaded: Sequence[Loaded]) -> list[Explanation]:
        squares = [square for _, square in loaded]
        return self._explainer.explain(squares, [Request()] * len(squares))

    def draw(self, loaded: Loaded, explanation: Explanation) -> bytes:
        """The overlay as a JPEG."""
        found = explanation.maps[0]
        return encode(render_overlay(loaded[0].pixels, found.heatmap, box=found.box))

    def overlays(self, photos: Sequence[bytes]) -> list[bytes]:
        """A batch from files to overlays, decoded and drawn on threads."""
        loaded = list(self._threads.map(self.load, photos))
        return list(self._threads.map(self.draw, loaded, self.explain(loaded)))

    def pipeline(self) -> "BatchPipeline[bytes, Loaded, Explanation, bytes]":
        """The same without end: the next batches are decoded ahead, the last ones drawn behind."""
        return BatchPipeline(
            self.load,
            self.explain,
            lambda _, loaded, found: self.draw(loaded, found),
            batch=BATCH,
            threads=THREADS,
        )


def photos_per_second(data: bytes, seconds: float) -> float:
    """Of the engine alone, in this process, nothing stored or sent."""
    running = Work().pipeline().run(itertools.repeat(data))
    for _ in range(2 * BATCH):
        next(running)
    count, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds:
        next(running)
        count += 1
    taken = time.perf_counter() - begun
    running.close()
    return count / taken


if __name__ == "__main__":
    print(json.dumps(photos_per_second(Path(sys.argv[1]).read_bytes(), float(sys.argv[2]))))
