"""The library: from a photo to a prediction and the picture that shows why.

    from engine import GradCAM, get_target_layer, load_model_once

Names are imported when they are first used, so that `import engine` does not load torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from models import torch_extra

if TYPE_CHECKING:
    from engine.cam.gradcam import GradCAM as GradCAM
    from engine.diagnostics import Diagnostics as Diagnostics
    from engine.diagnostics import diagnose_photo as diagnose_photo
    from engine.explainer import Explainer as Explainer
    from engine.explainer import Explanation as Explanation
    from engine.explainer import Request as Request
    from engine.faithfulness import measure_faithfulness as measure_faithfulness
    from engine.loading import load_model_once as load_model_once
    from engine.photos.decode import Photo as Photo
    from engine.photos.decode import decode as decode
    from engine.photos.overlay import encode as encode
    from engine.photos.overlay import get_colormap_options as get_colormap_options
    from engine.photos.overlay import render_overlay as render_overlay
    from engine.photos.transforms import IMAGENET_MEAN as IMAGENET_MEAN
    from engine.photos.transforms import IMAGENET_STD as IMAGENET_STD
    from engine.photos.transforms import get_model_transforms as get_model_transforms
    from engine.photos.transforms import get_validation_transforms as get_validation_transforms
    from engine.predict import predict_disease as predict_disease
    from engine.visualize import compare_top_k as compare_top_k
    from engine.visualize import generate_gradcam_visualization as generate_gradcam_visualization
    from engine.visualize import get_target_layer as get_target_layer
    from engine.visualize import save_gradcam as save_gradcam
    from engine.visualize import visualize_gradcam_grid as visualize_gradcam_grid

_HOMES = {
    "cam.gradcam": ("GradCAM",),
    "diagnostics": ("Diagnostics", "diagnose_photo"),
    "explainer": ("Explainer", "Explanation", "Request"),
    "faithfulness": ("measure_faithfulness",),
    "loading": ("load_model_once",),
    "photos.decode": ("Photo", "decode"),
    "photos.overlay": ("encode", "get_colormap_options", "render_overlay"),
    "photos.transforms": (
        "IMAGENET_MEAN",
        "IMAGENET_STD",
        "get_model_transforms",
        "get_validation_transforms",
    ),
    "predict": ("predict_disease",),
    "visualize": (
        "compare_top_k",
        "generate_gradcam_visualization",
        "get_target_layer",
        "save_gradcam",
        "visualize_gradcam_grid",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    try:
        return getattr(import_module(f"engine.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in torch_extra.PACKAGES:
            raise
        said = torch_extra.missing_torch(f"engine.{name}", error)
        raise ModuleNotFoundError(said, name=error.name) from error


def __dir__() -> list[str]:
    return list(__all__)
