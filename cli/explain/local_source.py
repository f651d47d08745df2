"""Photos explained on this machine, as a worker does it."""

import os
from collections.abc import Sequence
from pathlib import Path

from cli.explain.source import ExplainedPhoto, ExplainOptions, LoadedPhoto
from cli.local_model import load_explainer, require_card, require_device
from cli.report.classes import Descriptions
from engine.explainer import Explanation, Request
from models.decode_size import decode_for
from workers.results import result_document
from workers.settings import WorkerSettings


class LocalSource:
    """Photos explained by one model on this machine, with the settings of a worker."""

    threads = min(4, os.cpu_count() or 1)

    def __init__(self, options: ExplainOptions, settings: WorkerSettings, device: str) -> None:
        """Raises CommandError for a model or device that does not exist."""
        self.card = require_card(settings.card_folders, options.model)
        self.device = require_device(device)
        self._settings = settings
        self._request = Request(top_k=options.top_k, method=options.method)

    @property
    def model(self) -> dict[str, str]:
        card = self.card
        return {"id": card.id, "version": card.version, "weights_sha256": card.sha256}

    @property
    def descriptions(self) -> Descriptions:
        return self.card.class_descriptions

    def open(self) -> None:
        """Load the model and warm it up. Raises CommandError for a model that does not load."""
        self.explainer = load_explainer(self.card, self.device, self._settings)

    def load(self, path: Path) -> LoadedPhoto:
        return LoadedPhoto(decode_for(self.card.preprocessing, path.read_bytes()))

    def explain(self, loaded: Sequence[LoadedPhoto]) -> list[Explanation]:
        photos = [one.photo for one in loaded]
        return self.explainer.explain(photos, [self._request] * len(photos))

    def describe(self, loaded: LoadedPhoto, explained: Explanation) -> ExplainedPhoto:
        maps = tuple(found.heatmap for found in explained.maps)
        return ExplainedPhoto(result_document(explained, loaded.photo, self.card), maps)
