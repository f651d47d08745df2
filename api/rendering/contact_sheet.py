"""The overlays of a batch on one sheet. Slow; for a thread."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from jobs.blobs import blob_names
from jobs.errors import BlobMissing
from jobs.ports import BlobStore
from jobs.records.batch import Batch, BatchItem
from jobs.records.job import Job, State
from languages.translator import Translator
from models.cards.class_names import class_title
from pictures.pixels import Pixels
from pictures.rendering.text import draw_text
from pictures.sheets import labelled_grid

SIDE = 256
EXPIRED, ERASED, _ = PLACEHOLDERS = "expired", "erased", "canceled"
"""Why there is no overlay, where no problem says it."""
_PAPER, _INK = (236, 236, 232), (96, 100, 96)


def draw_contact_sheet(
    batch: Batch, jobs: dict[str, Job], blobs: BlobStore, columns: int, translated: Translator
) -> bytes:
    """A JPEG with a tile for each photo in the order of the form; where there is no overlay, the
    tile says why. One overlay at a time is decoded. Raises BlobsFailed while the photo store does
    not answer."""
    cells = [
        (_label(index, item, jobs, translated), _tile(item, jobs, blobs, translated))
        for index, item in enumerate(batch.items)
    ]
    buffer = io.BytesIO()
    Image.fromarray(labelled_grid(cells, columns, SIDE)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _label(index: int, item: BatchItem, jobs: dict[str, Job], translated: Translator) -> str:
    job = jobs.get(item.job_id or "")
    if job is not None and job.result and job.result["predictions"]:
        best = job.result["predictions"][0]
        title = translated.text(class_title(best["class_name"]))
        return f"{index + 1}. {title} {translated.percent(best['confidence'])}"
    return f"{index + 1}. {item.name or ''}"


def _tile(
    item: BatchItem, jobs: dict[str, Job], blobs: BlobStore, translated: Translator
) -> Pixels:
    job = jobs.get(item.job_id or "")
    if job is None:
        return _placeholder(translated.text(item.error["title"] if item.error else EXPIRED))
    if job.state is not State.SUCCEEDED:
        return _placeholder(translated.text((job.error or {"title": job.state.value})["title"]))
    try:
        data = blobs.get(
            job.id, blob_names.overlay_name(job.attempts, 0, job.options.overlay_format)
        )
    except BlobMissing:
        return _placeholder(translated.text(ERASED))
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (SIDE, SIDE))
        return np.asarray(ImageOps.contain(picture.convert("RGB"), (SIDE, SIDE)))


def _placeholder(words: str) -> Pixels:
    tile = Image.new("RGB", (SIDE, SIDE), _PAPER)
    draw = ImageDraw.Draw(tile)
    draw.line((SIDE // 2 - 14, 92, SIDE // 2 + 14, 120), _INK, 3)
    draw.line((SIDE // 2 + 14, 92, SIDE // 2 - 14, 120), _INK, 3)
    draw_text(draw, (SIDE // 2, 148), words, _INK, 15, "mm")
    return np.asarray(tile)
