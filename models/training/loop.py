"""The training loop: progressive resolution, class balance, averaged weights, resumable."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.card_errors import CardError
from models.cards.card import Card
from models.cards.recipe import Stage
from models.networks.weights import StateDict, write_weights
from models.training.augmentation.augment import Augment
from models.training.checkpoint import Checkpoint, append_row, save_best
from models.training.data.data_folders import open_data_folders
from models.training.data.negatives import drawn_scenes
from models.training.data.run_data import RunData
from models.training.data.training_set import TrainingBatch, TrainingSet
from models.training.initial_weights import initial_network
from models.training.loss import Loss
from models.training.metrics import Scores, mean_scores
from models.training.optimizer import adamw, averaged_copy, set_learning_rate
from models.training.prepare_network import freeze, keep_depthwise_exact
from models.training.randomness import seed
from models.training.validation import Validation

Report = Callable[[dict[str, Any]], None]
Tick = Callable[[float], None]


class Trainer:
    """Trains the model of a card on the train/ of one or several folders of photos, and selects by
    the mean macro-F1 over their val/.

    `outlines`: masks of lesions, see `find_outlines`. Everything that a resumed run needs is
    written to `out/last.pt` after each epoch; the best averaged weights so far are in
    `out/best.pth`, the history in `out/history.csv`. Decoded photos are kept there too, about 70 kB
    each at 128 px. Photos that cannot be read are left out, and listed in `unreadable` of their
    folder; `changes` lists what has changed since the run began. Raises CardError for a recipe
    without stages, or with a start, teacher, frozen part, balance or evidence that does not fit,
    for photos of one class alone, for wrong outlines, and for a run of other classes or a finished
    one with other photos; FileNotFoundError without photos.
    """

    def __init__(
        self,
        card: Card,
        data: Sequence[Path],
        out: Path,
        device: torch.device,
        outlines: Path | None = None,
    ) -> None:
        if not card.training.stages:
            raise card.wrong("training.stages", "it is empty, so there is nothing to train")
        torch.manual_seed(card.training.seed)
        out.mkdir(parents=True, exist_ok=True)
        self.card, self.recipe, self.out, self.device = card, card.training, out, device
        self.epochs = [stage for stage in self.recipe.stages for _ in range(stage.epochs)]
        given = self._open_photos(data, outlines)
        self._make_network()
        parts = {"model": self.model, "average": self.average, "optimizer": self.optimizer}
        self._checkpoint = Checkpoint(out / "last.pt", parts, device)
        self.changes = given.check(out / "data.json", done=self.done)

    def _open_photos(self, data: Sequence[Path], outlines: Path | None) -> RunData:
        """Open the folders, and leave out what cannot be read. Returns what the run was given.
        Raises CardError where too little is left."""
        self.folders = open_data_folders(data)
        self.train_set = TrainingSet(self.card, self.folders, outlines, self.out)
        self.validation = Validation(self.card, self.folders, self.out)
        given = RunData.of(self.recipe, self.folders, self.train_set.outlines)
        given.refuse_other_classes(self.out / "data.json")
        if len(self.train_set.classes) < 2:
            only = ", ".join(self.train_set.classes)
            raise CardError(f"the photos to train on are all of one class, {only}; it takes two")
        self.train_set.prepare()
        self.validation.prepare(self.recipe.stages[0])
        return given

    def _make_network(self) -> None:
        """The network with its initial weights, and what trains it."""
        model, new = initial_network(self.card, self.train_set.classes)
        freeze(self.card, model)
        if self.device.type == "cpu":
            keep_depthwise_exact(model)
        self.model = model.to(self.device).to(memory_format=torch.channels_last)
        self.average = averaged_copy(self.model, self.recipe.ema_decay)
        self.optimizer = adamw(self.model, self.recipe, new)
        self.objective = Loss(self.card, self.train_set.classes, self.model, self.device)
        self.augment = Augment(self.card.preprocessing, self.recipe).to(self.device)

    def run(self, report: Report, tick: Tick = lambda _: None) -> Path:
        """Train to the end, calling `report` with each epoch's row and `tick` with the epochs
        done after each step. Returns the best weights, in half precision if that is free."""
        while not self.done:
            stage = self.epochs[self.epoch]
            loss = self._epoch(stage, tick)
            scores = self.validation.scores(self.average, stage)
            self._save(mean_scores(scores.values()), self.validation.side(stage))
            self._record(stage, loss, scores, report)
        return save_best(self.out / "best.pth", self.out / "weights.pth", self._judge)

    @property
    def epoch(self) -> int:
        """How many are done."""
        return self._checkpoint.epoch

    @property
    def done(self) -> bool:
        """After the last epoch, or once patience has run out."""
        out_of_patience = 0 < self.recipe.patience <= self.epoch - self._checkpoint.best_epoch
        return self.epoch >= len(self.epochs) or out_of_patience

    def _epoch(self, stage: Stage, tick: Tick) -> float:
        """Train for about as many photos as there are. Returns the mean loss."""
        self.model.train()
        steps = self.train_set.steps(stage.batch, self._seed())
        scenes = drawn_scenes(self.recipe.scenes, self.out / "scenes.npy")
        total = 0.0
        for step, indices in enumerate(steps):
            progress = (self.epoch + step / len(steps)) / len(self.epochs)
            set_learning_rate(self.optimizer, self.recipe.learning_rate, progress)
            some = torch.randint(len(scenes), (self.recipe.negatives // 2,))
            drawn = torch.from_numpy(scenes[some.numpy()]).to(self.device)
            batch = self.train_set.load(indices, stage.size * 5 // 4).to(self.device)
            total += self._step(batch, drawn, stage)
            tick(self.epoch + (step + 1) / len(steps))
        return total / len(steps)

    def _seed(self) -> torch.Generator:
        """Seed the random numbers of an epoch, so that a resumed run has those that it would have
        had."""
        return seed(self.recipe.seed * 1000 + self.epoch)

    def _step(self, batch: TrainingBatch, scenes: Tensor, stage: Stage) -> float:
        views = self.augment(batch, scenes, stage)
        loss = self.objective(views, batch.labels, batch.costs, stage.mix)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        return float(loss.detach())

    def _judge(self, weights: StateDict) -> Scores:
        """Evaluate `weights` in the place of the average."""
        self.average.module.load_state_dict(weights)
        return mean_scores(self.validation.scores(self.average, self.epochs[-1]).values())

    def _record(
        self, stage: Stage, loss: float, scores: Mapping[str, Scores], report: Report
    ) -> None:
        """The means over the folders, then each folder where there are several."""
        row: dict[str, Any] = {"epoch": self.epoch, "size": stage.size, "loss": round(loss, 4)}
        row |= {k: round(v, 5) for k, v in asdict(mean_scores(scores.values())).items()}
        for name, own in scores.items() if len(scores) > 1 else ():
            row |= {
                f"{name} accuracy": round(own.accuracy, 5),
                f"{name} macro_f1": round(own.macro_f1, 5),
            }
        append_row(self.out / "history.csv", row)
        report(row | {"epochs": len(self.epochs), "folders": scores})

    def _save(self, scores: Scores, side: int) -> None:
        if self._checkpoint.advance(scores.macro_f1, side):
            write_weights(self.out / "best.pth", self.average.module.state_dict())
            names = {name: i for i, name in enumerate(self.train_set.classes)}
            (self.out / "class_to_idx.json").write_text(json.dumps(names, indent=2) + "\n")
        self._checkpoint.save()
