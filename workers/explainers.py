"""The models of a worker process, each loaded once."""

import logging
import threading
from functools import partial

from engine.explainer import Explainer, ExplainerOptions
from engine.hardware import find_device, model_threads, threads_alone, usable_cores
from engine.runtimes.select import check_model
from jobs.metrics import Counters
from models.cards.card import Preprocessing
from models.catalog import Catalog
from models.decode_size import most_bytes
from workers.settings import WorkerSettings

log = logging.getLogger(__name__)
_BATCHES, _USUAL_SIDE = {"cpu": 16, "cuda": 64}, 256
_ON_ONE_THREAD = 4
PHOTO_MEMORY = 512 * 1024 * 1024  # bytes of decoded photos at a time, for batches of 16


class Explainers:
    """Explainers by model id, loaded at first use.

    `batch`: the most photos in one forward pass of any model; 0 for what suits the device.
    """

    def __init__(
        self,
        catalog: Catalog,
        device: str,
        counters: Counters | None = None,
        options: ExplainerOptions | None = None,
        batch: int = 0,
    ) -> None:
        self._catalog, self._device = catalog, device
        self._options = options or ExplainerOptions()
        self.batch = batch or _batch_on(device, self._options.get("threads", 0))
        self._counters = counters or Counters()
        self._loaded: dict[str, Explainer] = {}
        self._lock = threading.Lock()

    def __getitem__(self, model: str) -> Explainer:
        """Raises UnknownModel, CardError or EngineError for a model that does not load."""
        with self._lock:
            if model not in self._loaded:
                self._loaded[model] = self._load(model)
            return self._loaded[model]

    def check(self) -> None:
        """Every model of the catalogue can be run here. Raises CardError or TorchMissing."""
        for card in self._catalog:
            runtime = self._options.get("runtime", "auto")
            check_model(card, _explicit_device(self._device), runtime)

    def preprocessing(self, model: str) -> Preprocessing:
        """How a photo becomes the model's input. Raises UnknownModel for an unknown id."""
        return self._catalog[model].preprocessing

    def input_side(self, model: str) -> int:
        """Side in pixels of the model's input. Raises UnknownModel for an unknown id."""
        return self.preprocessing(model).size

    @property
    def max_claims(self) -> int:
        """The most jobs to claim at once. Four batches of decoded photos, however large, then take
        at most PHOTO_MEMORY, or as many times more as the device's batches are larger."""
        photo = max(most_bytes(card.preprocessing) for card in self._catalog)
        room = PHOTO_MEMORY * self.batch // _BATCHES["cpu"]
        return max(1, min(self.batch, room // (4 * photo)))

    def batch_of(self, model: str) -> int:
        """The most photos in one forward pass of this model: the fewer the larger its input is,
        since its layers grow with it. Raises UnknownModel for an unknown id."""
        pixels = (self.input_side(model) / _USUAL_SIDE) ** 2
        return max(1, int(self.batch / max(1.0, pixels)))

    def _load(self, model: str) -> Explainer:
        device = _explicit_device(self._device)
        explainer = Explainer.load(self._catalog[model], device, **self._options)
        explainer.on_out_of_memory = partial(self._counters.count, "out_of_memory_total")
        self._counters.count("model_loads_total", model)
        how = explainer.device, explainer.runtime, explainer.precision
        log.info("model %s is warm on %s: %s, %s", model, *how)
        return explainer


def _explicit_device(device: str) -> str | None:
    return None if device == "auto" else device


def _batch_on(device: str, threads: int) -> int:
    """The batch that suits a device: a CPU is as fast with few photos at once; a GPU is not.

    On one thread a model takes one photo at a time anyway, and the more are claimed together, the
    more others each of them waits for, twice: until all are loaded, and until all are explained.
    """
    kind = find_device(_explicit_device(device)).partition(":")[0]
    if kind == "cpu" and threads == 1:
        return _ON_ONE_THREAD
    return _BATCHES.get(kind, _BATCHES["cpu"])


def explainer_options(settings: WorkerSettings) -> ExplainerOptions:
    """The keywords of `Explainer` in this process."""
    threads = settings.threads or model_threads(usable_cores())
    alone = threads if settings.threads else threads_alone(usable_cores())
    return ExplainerOptions(
        runtime=settings.runtime,
        precision=settings.precision,
        threads=threads,
        threads_alone=settings.threads_alone or alone,
        cache=settings.home / "cache",
    )
