"""`cropshield explain` against the engine itself: `python -m benchmarks.folders`.

`engine`: decoded photos explained in batches, nothing else. `pipeline`: the engine from file to
overlay, its own pipeline with nothing written. `by hand`: the usual loop, file after file decoded,
batches explained, overlays rendered and written, one after the other. `run`: what the command does
to a folder, log and overlays written; without its tables and its report.

Reading, diagnostics and overlays cost processor time too. Where the model runs on the same cores no
command can reach `engine`; `at most` is how near one could come that never waits, by the processor
seconds of both.
"""

import itertools
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

from benchmarks.common.measuring import in_turn, keep_memory, parser, row, write
from cli.explain.find_photos import find_photos
from cli.explain.local_source import LocalSource
from cli.explain.result_log import ResultLog
from cli.explain.run import Run, make_plan
from cli.explain.source import ExplainOptions, LoadedPhoto
from engine.batch_pipeline import BatchPipeline
from engine.explainer import Explanation, Request
from engine.photos.decode import Photo
from engine.photos.overlay import encode, render_overlay
from jobs.blobs.blob_names import OVERLAY_LONG_SIDE
from pictures.drawn_leaves.leaves import KINDS, draw_leaf
from workers.settings import WorkerSettings

BATCH = 16


def draw(folder: Path, count: int) -> list[Path]:
    """`count` photos of a dozen drawn leaves, 640 x 480."""
    leaves = [draw_leaf(KINDS[seed % len(KINDS)], seed=seed).photo for seed in range(12)]
    paths = [folder / f"{number:04}.jpg" for number in range(count)]
    for path, leaf in zip(paths, itertools.cycle(leaves), strict=False):
        leaf.save(path, quality=90)
    return paths


def engine(source: LocalSource, photos: list[Photo]) -> None:
    for start in range(0, len(photos), BATCH):
        batch = photos[start : start + BATCH]
        source.explainer.explain(batch, [Request()] * len(batch))


def pipeline(source: LocalSource, paths: list[Path]) -> None:
    def end(_path: Path, loaded: LoadedPhoto, explained: Explanation) -> bytes:
        described = source.describe(loaded, explained)
        return encode(
            render_overlay(loaded.photo.pixels, described.maps[0], long_side=OVERLAY_LONG_SIDE)
        )

    made = BatchPipeline(source.load, source.explain, end, batch=BATCH, threads=source.threads).run(
        paths
    )
    for _path, found in made:
        if isinstance(found, Exception):
            raise found


def by_hand(source: LocalSource, paths: list[Path], out: Path) -> None:
    for start in range(0, len(paths), BATCH):
        part = paths[start : start + BATCH]
        photos = [source.load(path).photo for path in part]
        made = source.explainer.explain(photos, [Request()] * len(photos))
        for path, photo, found in zip(part, photos, made, strict=True):
            overlay = render_overlay(
                photo.pixels, found.maps[0].heatmap, long_side=OVERLAY_LONG_SIDE
            )
            (out / path.name).write_bytes(encode(overlay))


def run(source: LocalSource, folder: Path, out: Path) -> None:
    """All of it anew."""
    shutil.rmtree(out)
    out.mkdir()
    options, log = ExplainOptions(), ResultLog(out / "results.jsonl")
    plan = make_plan(find_photos([str(folder)], out).photos, log, options, source)
    with log:
        Run(source, options, plan, out).run(log, batch=BATCH, quiet=True)


def processor_seconds(way: Callable[[], None]) -> float:
    start = process_time()
    way()
    return process_time() - start


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--photos", type=int, default=96)
    chosen = options.parse_args()
    allocator = keep_memory()
    source = LocalSource(ExplainOptions(), WorkerSettings(threads=chosen.threads), "auto")
    source.open()
    with tempfile.TemporaryDirectory() as given, tempfile.TemporaryDirectory() as made:
        paths, out = draw(Path(given), chosen.photos), Path(made) / "out"
        out.mkdir()
        photos = [source.load(path).photo for path in paths]
        ways = {
            "engine": partial(engine, source, photos),
            "pipeline": partial(pipeline, source, paths),
            "by hand": partial(by_hand, source, paths, out),
            "run": partial(run, source, Path(given), out),
        }
        found = in_turn(ways, chosen.rounds)
        at_most = processor_seconds(ways["engine"]) / processor_seconds(ways["run"])
    rows = []
    for way, spread in found.items():
        rate = 1000 * chosen.photos / spread.median
        against = {name: found[name].median / spread.median for name in found}
        rows.append(row(spread, found["engine"], way=way, photos_a_second=round(rate, 1)))
        sys.stdout.write(
            f"{way:8} {rate:7.1f} photos/s, {against['engine']:.2f} of the engine, "
            f"{against['pipeline']:.2f} of the pipeline, "
            f"{against['by hand']:.2f} of the loop by hand\n"
        )
    sys.stdout.write(f"at most {at_most:.2f} of the engine on these cores\n")
    settings = {"threads": chosen.threads, "rounds": chosen.rounds, "allocator": allocator}
    write("folders", settings | {"photos": chosen.photos, "at_most": round(at_most, 3)}, rows)


if __name__ == "__main__":
    main()
