"""Photos with outlined lesions: how they are found, and what maps that are known make of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from engine.cam.torch_methods import METHODS
from engine.evaluation.lesion_masks import (
    LesionFolder,
    agreement_on_affected_share,
    judge_maps,
)
from engine.explainer import Explainer
from models.card_errors import CardError
from pictures.drawn_leaves.leaves import draw_leaf
from pictures.errors import WrongMask
from tests.engine.networks import network, save_model

NAMES = ("Tea__blight", "Tea__rust")


class Colours(nn.Module):
    """The first class is the redness of the photo, the second its greenness."""

    def __init__(self) -> None:
        super().__init__()
        self.block4 = nn.Conv2d(3, 2, kernel_size=1, bias=False)
        self.classifier = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            red_green = torch.tensor([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]])
            self.block4.weight.copy_(red_green[:, :, None, None])
            self.classifier.weight.copy_(torch.eye(2))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.block4(x).mean(dim=(2, 3)))
        return logits


def picture(size: tuple[int, int] = (90, 60)) -> np.ndarray:
    """A green photo with a red square, uint8 RGB."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[...] = (30, 150, 30)
    pixels[20:30, 20:30] = (200, 20, 20)
    return pixels


def write(photo: Path, mask: Path, values: tuple[int, int] = (1, 2)) -> None:
    for path in (photo, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture()).save(photo, quality=95)
    outlined = np.where(picture()[..., 0] > 100, values[1], values[0]).astype(np.uint8)
    Image.fromarray(outlined).save(mask)


def explainer(folder: Path) -> Explainer:
    """Of two classes, by colour."""
    card = save_model(folder, network(classes=2), 2)
    card.classes_path.write_text(f'{{"{NAMES[0]}": 0, "{NAMES[1]}": 1}}')
    return Explainer(card, "cpu", model=Colours(), runtime="torch")


def test_photos_lie_beside_their_masks(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("b", "a"):
        write(root / NAMES[0] / f"{name}.jpg", root / NAMES[0] / f"{name}.png")
    (root / NAMES[0] / "._a.png").write_bytes(b"of a file system")
    folder = LesionFolder(root, None, NAMES)
    assert len(folder) == 2
    first, _ = folder.each(explainer(tmp_path).card)
    assert first.pixels.shape == (60, 90, 3)
    assert first.outline.lesions.any()
    assert first.class_index == 0


def test_photos_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / NAMES[1] / "a [1].v2.png"
    write(photo, tmp_path / "masks" / NAMES[1] / "a [1].v2.png")
    Image.new("RGB", (8, 8)).save(photo.with_name("a [1].png"))
    folder = LesionFolder(tmp_path / "masks", tmp_path / "photos", NAMES)
    (found,) = folder.each(explainer(tmp_path).card)
    assert found.pixels.shape == (60, 90, 3)
    assert found.class_index == 1


def test_masks_without_a_photo_or_with_several_are_named(tmp_path: Path) -> None:
    mask, photo = tmp_path / NAMES[0] / "a.png", tmp_path / NAMES[0] / "a.jpg"
    write(photo, mask)
    with pytest.raises(WrongMask, match=r"a\.png has no photo of its name in .*photos/Tea__blight"):
        LesionFolder(tmp_path, tmp_path / "photos", NAMES)
    Image.fromarray(picture()).save(photo.with_suffix(".webp"))
    with pytest.raises(WrongMask, match=r"several photos, a\.jpg, a\.webp, of its name"):
        LesionFolder(tmp_path, None, NAMES)


def test_a_folder_without_masks_or_of_another_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongMask, match=r"has no masks: looked for Crop__disease/name\.png"):
        LesionFolder(tmp_path, None, NAMES)
    write(tmp_path / "Rose__rust" / "a.jpg", tmp_path / "Rose__rust" / "a.png")
    with pytest.raises(CardError, match="the model has no class Rose__rust"):
        LesionFolder(tmp_path, None, NAMES)


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    photo = tmp_path / "set" / NAMES[0] / "a.jpg"
    write(photo, photo.with_suffix(".png"))
    Image.new("L", (91, 60), 2).save(photo.with_suffix(".png"))
    folder = LesionFolder(tmp_path / "set", None, NAMES)
    with pytest.raises(WrongMask, match=r"a\.png is 91 x 60 pixels, but its photo 90 x 60"):
        list(folder.each(explainer(tmp_path).card))


def test_a_photo_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo = tmp_path / "set" / NAMES[0] / f"{name}.jpg"
        write(photo, photo.with_suffix(".png"))
    photo.write_bytes(photo.read_bytes()[:-200])
    folder = LesionFolder(tmp_path / "set", None, NAMES)
    assert len(list(judge_maps(explainer(tmp_path), folder, ["gradcam"]))) == 1
    assert list(folder.unreadable) == [str(photo)]
    assert "cannot be decoded" in folder.unreadable[str(photo)]


def test_the_map_of_the_true_class_is_judged_by_every_method(tmp_path: Path) -> None:
    for name in NAMES:
        photo = tmp_path / "set" / name / "a.jpg"
        write(photo, photo.with_suffix(".png"))
    folder = LesionFolder(tmp_path / "set", None, NAMES)
    red, green = judge_maps(explainer(tmp_path), folder, list(METHODS))
    assert set(red) == set(METHODS)
    assert red["gradcam"].pointing == 1
    assert red["gradcam"].auc > 0.99
    assert red["gradcam"].lift > 5
    assert not red["gradcam"].right
    assert green["gradcam"].auc < 0.01
    assert green["gradcam"].lift < 0.2
    assert green["gradcam"].right


@pytest.mark.parametrize("values", [(1, 1), (2, 2), (0, 0)])
def test_masks_without_a_lesion_are_left_out(values: tuple[int, int], tmp_path: Path) -> None:
    photo = tmp_path / "set" / NAMES[0] / "a.jpg"
    write(photo, photo.with_suffix(".png"), values)
    folder = LesionFolder(tmp_path / "set", None, NAMES)
    for _ in range(2):
        assert list(judge_maps(explainer(tmp_path), folder, ["gradcam"])) == []
        assert folder.without_lesions == [photo.with_suffix(".png")]


def test_the_affected_share_is_compared_where_a_leaf_is_outlined(tmp_path: Path) -> None:
    root = tmp_path / "set" / NAMES[0]
    root.mkdir(parents=True)
    shares = []
    for seed in range(4):
        leaf = draw_leaf("blight", seed, (480, 360))
        leaf.photo.save(root / f"{seed}.jpg", quality=92)
        mask = leaf.leaf.astype(np.uint8)
        mask[leaf.lesions] = 2
        Image.fromarray(mask).save(root / f"{seed}.png")
        shares.append(float(leaf.lesions.sum() / leaf.leaf.sum()))
    card = explainer(tmp_path).card
    found = agreement_on_affected_share(LesionFolder(tmp_path / "set", None, NAMES), card)
    assert found is not None
    assert found.count == 4
    assert abs(found.mean_error) < 0.15
    assert found.concordance <= 1
    for path in root.glob("*.png"):
        Image.fromarray(np.where(np.asarray(Image.open(path)) == 2, 2, 0).astype(np.uint8)).save(
            path
        )
    boxes = LesionFolder(tmp_path / "set", None, NAMES)
    assert agreement_on_affected_share(boxes, card) is None, "no leaf is outlined"
