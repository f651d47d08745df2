"""The training loop: progressive resolution, class balance, averaged weights, resumable."""

import csv
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from models.architectures import build
from models.catalog import Card, Stage
from models.training.augment import mixing, training_transform, validation_transform
from models.training.data import LeafFolder, balanced_sampler
from models.training.judge import Scores, confusion_on, score

WORKERS = min(8, os.cpu_count() or 1)
Report = Callable[[dict[str, Any]], None]


class Trainer:
    """Trains the model of a card on `data/train`, choosing by `data/val`.

    Everything that a resumed run needs is written to `out/last.pt` after each epoch; the
    best averaged weights so far stand in `out/best.pth` and the history in `out/history.csv`.
    `workers`: processes that prepare photos; 0 does that in this one.
    """

    def __init__(
        self, card: Card, data: Path, out: Path, device: torch.device, workers: int = WORKERS
    ) -> None:
        torch.manual_seed(card.training.seed)
        out.mkdir(parents=True, exist_ok=True)
        self.card, self.recipe, self.out, self.device = card, card.training, out, device
        self.train_set = LeafFolder(
            data / "train", training_transform(card.preprocessing, 0), self.recipe.background
        )
        self.val_set = LeafFolder(data / "val", validation_transform(card.preprocessing))
        self.classes = len(self.train_set.classes)
        model = build(card.architecture, self.classes)
        self.model = model.to(device).to(memory_format=torch.channels_last)
        average = get_ema_multi_avg_fn(self.recipe.ema_decay)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=0.0, weight_decay=self.recipe.weight_decay, foreach=True
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=self.recipe.label_smoothing)
        self.epochs = [stage for stage in self.recipe.stages for _ in range(stage.epochs)]
        self._stage: Stage | None = None
        self._workers = workers
        self.epoch, self.best = 0, -1.0
        self._resume()

    def run(self, report: Report) -> Path:
        """Train to the end, calling `report` with each epoch's row. Returns the best weights."""
        while self.epoch < len(self.epochs):
            stage = self.epochs[self.epoch]
            loss = self._epoch(stage)
            scores = self._validate(stage)
            self.epoch += 1
            row = {"epoch": self.epoch, "size": stage.size, "loss": round(loss, 4)}
            self._save(scores)
            self._record(row | {k: round(v, 5) for k, v in asdict(scores).items()}, report)
        return self.out / "best.pth"

    def _epoch(self, stage: Stage) -> float:
        """One pass over a balanced draw; the mean loss."""
        self.model.train()
        loader = self._training_loader(stage)
        mix, total = mixing(self.classes), 0.0
        for step, (x, y) in enumerate(loader):
            self._set_rate((self.epoch + step / len(loader)) / len(self.epochs))
            total += self._step(*mix(x, y))
        return total / len(loader)

    def _step(self, x: Tensor, y: Tensor) -> float:
        x = x.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.model(x)
        loss = self.loss(logits.float(), y.to(self.device))
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        return float(loss.detach())

    def _set_rate(self, progress: float) -> None:
        """Linear warm-up over 3 % of the run, then a cosine to zero."""
        warm = min(1.0, progress / 0.03)
        cosine = 0.5 * (1 + torch.cos(torch.tensor(progress * torch.pi)).item())
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * warm * cosine

    def _validate(self, stage: Stage) -> Scores:
        side = max(stage.size, 160)
        self.val_set.transform = validation_transform(self.card.preprocessing, side)
        loader: DataLoader[Any] = DataLoader(self.val_set, 64, num_workers=self._workers)
        return score(confusion_on(self.average, loader, self.classes))

    def _training_loader(self, stage: Stage) -> DataLoader[Any]:
        """One loader a stage: its workers keep the leaf masks that they made."""
        if self._stage is not stage:
            self.train_set.transform = training_transform(self.card.preprocessing, stage.size)
            self._loader: DataLoader[Any] = DataLoader(
                self.train_set,
                stage.batch,
                sampler=balanced_sampler(self.train_set),
                drop_last=True,
                num_workers=self._workers,
                persistent_workers=self._workers > 0,
            )
            self._stage = stage
        return self._loader

    def _record(self, row: dict[str, Any], report: Report) -> None:
        history = self.out / "history.csv"
        new = not history.exists()
        with history.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        report(row | {"epochs": len(self.epochs)})

    def _save(self, scores: Scores) -> None:
        if scores.macro_f1 >= self.best:
            self.best = scores.macro_f1
            weights = {k: v.cpu().contiguous() for k, v in self.average.module.state_dict().items()}
            write_atomically(self.out / "best.pth", weights)
            names = {name: i for i, name in enumerate(self.train_set.classes)}
            (self.out / "class_to_idx.json").write_text(json.dumps(names, indent=2) + "\n")
        parts: dict[str, Any] = {
            "model": self.model,
            "average": self.average,
            "optimizer": self.optimizer,
        }
        state = {name: part.state_dict() for name, part in parts.items()}
        write_atomically(self.out / "last.pt", state | {"epoch": self.epoch, "best": self.best})

    def _resume(self) -> None:
        last = self.out / "last.pt"
        if not last.exists():
            return
        state = torch.load(last, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.best = state["epoch"], state["best"]


def write_atomically(path: Path, content: object) -> None:
    """torch.save that leaves the old file whole if the process dies in the middle."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)
