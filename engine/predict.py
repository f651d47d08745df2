"""From a picture in any form to class names: the simplest call."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from engine.cam.forward import class_scores
from engine.cam.hooks import eval_mode
from engine.device import Device, choose_device, unwrap
from engine.errors import WrongInput
from engine.photos.decode import decode, to_pixels
from engine.photos.transforms import get_model_transforms
from models.cards.imagenet import IMAGENET_MEAN, IMAGENET_STD
from pictures.pixels import Pixels

ImageInput = str | Path | Image.Image | Pixels | Tensor
Transform = Callable[[Image.Image], Tensor]
_SIDE = 512


def predict_disease(
    image: ImageInput,
    model: nn.Module,
    class_names: Sequence[str],
    device: Device,
    top_k: int = 3,
) -> list[tuple[str, float]]:
    """The `top_k` most likely classes and their confidence in [0, 1], the best one first.

    image: a path, PIL image, uint8 RGB array, or a normalised tensor (3, H, W) or
    (1, 3, H, W). Without a GPU "cuda" means the CPU, with a RuntimeWarning. Raises PhotoError for a
    file, WrongInput for a picture, tensor or class list.
    """
    model = unwrap(model)
    inputs, _ = prepare_input(image, get_model_transforms(model))
    with torch.inference_mode(mode=False), torch.no_grad(), eval_mode(model):
        logits = class_scores(model(inputs.to(choose_device(device))))[0].float()
    if len(class_names) != len(logits):
        raise WrongInput(f"{len(class_names)} class names", f"one for each of {len(logits)} logits")
    confidence, index = logits.softmax(dim=0).topk(min(max(1, top_k), len(logits)))
    named = zip(index.tolist(), confidence.tolist(), strict=True)
    return [(class_names[i], value) for i, value in named]


def prepare_input(image: ImageInput, transform: Transform) -> tuple[Tensor, Pixels]:
    """The input of the model, float32 (1, 3, H, W), and the picture to show, uint8 RGB.

    A tensor is passed on unchanged and shown with ImageNet's normalisation undone.
    """
    if isinstance(image, Tensor):
        batch = image[None] if image.ndim == 3 else image
        if batch.ndim != 4 or batch.shape[0] != 1 or batch.shape[1] != 3:
            raise WrongInput(f"a tensor of shape {tuple(image.shape)}", "(3, H, W) or (1, 3, H, W)")
        return batch, denormalise(batch[0])
    pixels = read_pixels(image)
    return transform(Image.fromarray(pixels))[None], pixels


def read_pixels(image: str | Path | Image.Image | Pixels) -> Pixels:
    """A path, PIL image or array as upright uint8 (h, w, 3) RGB. Raises PhotoError for a file that
    is no whole photo."""
    if isinstance(image, (str, Path)):
        return decode(Path(image).read_bytes(), min_side=_SIDE).pixels
    return to_pixels(image)


def denormalise(inputs: Tensor) -> Pixels:
    """A normalised tensor (3, H, W) as a picture, uint8 (H, W, 3) RGB."""
    std, mean = (torch.tensor(values)[:, None, None] for values in (IMAGENET_STD, IMAGENET_MEAN))
    light = inputs.detach().float().cpu() * std + mean
    return to_pixels(light.clamp(0, 1).permute(1, 2, 0).numpy())
