"""One run of `cropshield explain`: explain what is left to do, and log it."""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self

from cli.errors import CommandError
from cli.explain.find_photos import FoundPhoto
from cli.explain.result_log import ResultLog, Row, key_of
from cli.explain.source import ExplainOptions, LoadedPhoto, Source
from cli.progress import progress
from cli.report.map_data import encode_map
from engine.batch_pipeline import BatchPipeline
from engine.photos.overlay import encode, render_overlay
from engine.photos.resize import use_calling_thread
from jobs.blobs.blob_names import OVERLAY_LONG_SIDE
from pictures.maps import Box, Map
from pictures.photo_files import printable
from pictures.unreadable_photos import reason_of


@dataclass
class RunPlan:
    """`todo`: photos that this run explains; `done`: those that an earlier run explained."""

    todo: list[FoundPhoto]
    done: list[FoundPhoto]
    keys: dict[Path, str]
    targets: dict[Path, Path]


def make_plan(
    photos: Sequence[FoundPhoto], log: ResultLog, options: ExplainOptions, source: Source
) -> RunPlan:
    """What is left to do, and where the results go."""
    how = asdict(options) | source.model
    keys = {photo.path: key_of(photo, how) for photo in photos}
    done = {photo.path for photo in photos if log.is_done(photo, keys[photo.path])}
    return RunPlan(
        todo=[photo for photo in photos if photo.path not in done],
        done=[photo for photo in photos if photo.path in done],
        keys=keys,
        targets=log.targets(photos),
    )


class Interrupt:
    """Ctrl-C: the first one lets the current batch finish, the second one stops at once.

    `asked`: whether to stop. For the main thread.
    """

    asked = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class Run:
    """`run` explains the photos of a plan; every one of them ends up in the log."""

    def __init__(self, source: Source, options: ExplainOptions, plan: RunPlan, out: Path) -> None:
        self._source, self._options, self._plan, self._out = source, options, plan, out

    def run(self, log: ResultLog, *, batch: int, quiet: bool) -> bool:
        """True when all are done; False after Ctrl-C. Raises CommandError when the source can
        explain nothing more."""
        source, todo = self._source, self._plan.todo
        use_calling_thread()
        pipeline = BatchPipeline(
            lambda photo: source.load(photo.path),
            source.explain,
            self._finish,
            batch=batch,
            threads=source.threads,
        )
        with Interrupt() as interrupt, progress("explaining", len(todo), quiet=quiet) as advance:
            results = pipeline.run(self._until(todo, interrupt))
            for photo, made in results:
                if isinstance(made, CommandError):
                    results.close()
                    raise made
                log.append(self._failed(photo, made) if isinstance(made, Exception) else made)
                advance()
        return not interrupt.asked

    @staticmethod
    def _until(photos: Sequence[FoundPhoto], interrupt: Interrupt) -> Iterator[FoundPhoto]:
        """The photos, until somebody asks to stop."""
        for photo in photos:
            if interrupt.asked:
                return
            yield photo

    def _finish(self, photo: FoundPhoto, loaded: LoadedPhoto, explained: Any) -> Row:
        """Describe, render and write one photo; returns its row."""
        described = self._source.describe(loaded, explained)
        picture, explanations = loaded.photo, described.result["explanations"]
        for rank, (found, heatmap) in enumerate(zip(explanations, described.maps, strict=True)):
            box = Box.of(found["heatmap"])
            found["overlay"] = self._write(photo, loaded, (heatmap, box), rank)
            found["heatmap"] = encode_map(heatmap, box)
        size = {"width": picture.width, "height": picture.height, "format": picture.format}
        return self._row(photo, ok=True) | {
            "place": str(self._plan.targets[photo.path]),
            "image": size,
            "model": self._source.model,
            "options": asdict(self._options),
            **described.result,
        }

    def _write(
        self, photo: FoundPhoto, loaded: LoadedPhoto, shown: tuple[Map, Box], rank: int
    ) -> str:
        """Write an overlay. Each rank has a folder of its own, so that no overlay takes the name of
        another."""
        folder = "overlays" if rank == 0 else f"overlays-{rank + 1}"
        relative = self._plan.targets[photo.path]
        target = self._out / folder / relative.with_name(f"{relative.name}.jpg")
        options, (heatmap, box) = self._options, shown
        overlay = render_overlay(
            loaded.photo.pixels, heatmap, options.colormap, options.alpha, OVERLAY_LONG_SIDE, box
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode(overlay))
        return target.relative_to(self._out).as_posix()

    def _failed(self, photo: FoundPhoto, error: Exception) -> Row:
        return self._row(photo, ok=False) | {"error": reason_of(error)}

    def _row(self, photo: FoundPhoto, *, ok: bool) -> Row:
        name = printable(photo.name.as_posix())
        return {"path": str(photo.path), "key": self._plan.keys[photo.path], "ok": ok, "name": name}
