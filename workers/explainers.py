"""The models of a worker process, each loaded once."""

import logging
import threading
from functools import partial

import torch

from engine.explainer import Explainer, Options
from jobs.metrics import Counters
from models.catalog import Catalog
from workers.settings import WorkerSettings

log = logging.getLogger(__name__)


class Explainers:
    """Explainers by model id, loaded when first asked for."""

    def __init__(
        self,
        catalog: Catalog,
        device: str,
        counters: Counters | None = None,
        options: Options | None = None,
    ) -> None:
        self._catalog, self._device = catalog, device
        self._options = options or Options()
        self._counters = counters or Counters()
        self._loaded: dict[str, Explainer] = {}
        self._lock = threading.Lock()

    def __getitem__(self, model: str) -> Explainer:
        """Raises UnknownModel, CardError or EngineError for a model that does not load."""
        with self._lock:
            if model not in self._loaded:
                self._loaded[model] = self._load(model)
            return self._loaded[model]

    def input_side(self, model: str) -> int:
        """Side in pixels of the model's input. Raises UnknownModel."""
        return self._catalog[model].preprocessing.size

    def _load(self, model: str) -> Explainer:
        wanted = None if self._device == "auto" else self._device
        explainer = Explainer.load(self._catalog[model], wanted, **self._options)
        explainer.on_out_of_memory = partial(self._counters.count, "out_of_memory_total")
        self._counters.count("model_loads_total", model)
        how = explainer.device, explainer.runtime, explainer.precision
        log.info("model %s is warm on %s: %s, %s", model, *how)
        return explainer


def options_of(settings: WorkerSettings) -> Options:
    """How models run in this process; torch is given its threads at once."""
    if settings.threads:
        torch.set_num_threads(settings.threads)
    return Options(
        runtime=settings.runtime,
        precision=settings.precision,
        threads=settings.threads,
        cache=settings.home / "cache",
    )
