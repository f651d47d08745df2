"""Exported graphs on disk, each for one model: exported once, read at every later start."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from models.cards.card import Card

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CachedGraph:
    """A folder with one graph, whole or not there at all."""

    folder: Path

    @property
    def graph(self) -> Path:
        return self.folder / "graph.xml"

    def exists(self) -> bool:
        return self.graph.is_file()

    def store(self, write: Callable[[Path], object]) -> None:
        """Have `write` make the file, then move it into its place, over an older one.

        A folder that cannot be written to is logged, and no error.
        """
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            part = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix=".part-"))
            try:
                write(part / self.graph.name)
                shutil.rmtree(self.folder, ignore_errors=True)
                part.rename(self.folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: OpenVINO's own
            log.info("graph %s is not kept: %s", self.folder.name, error)


class GraphCache:
    """A folder of graphs; by default `cropshield` in the user's cache folder."""

    def __init__(self, folder: Path | None = None) -> None:
        user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._folder = folder or user / "cropshield"

    def entry(self, model: nn.Module, card: Card, version: str) -> CachedGraph:
        """The entry of `model`, by its weights, the card's layer and the exporter.

        Graphs are kept in float32, whatever precision they run in.
        """
        made_of = f"{card.target_layer} {card.preprocessing.size} {version} {model}"
        key = hashlib.sha256(made_of.encode())
        for name, tensor in model.state_dict().items():
            key.update(name.encode())
            key.update(tensor.detach().cpu().contiguous().numpy().data)
        return CachedGraph(self._folder / f"{card.id}-{key.hexdigest()[:32]}")
