"""The public names of `engine`, and that they wait for nobody."""

import subprocess
import sys

import pytest

import engine


def test_the_public_names_are_pinned() -> None:
    assert engine.__all__ == [
        "Diagnostics",
        "Explainer",
        "Explanation",
        "GradCAM",
        "IMAGENET_MEAN",
        "IMAGENET_STD",
        "Photo",
        "Request",
        "compare_top_k",
        "decode",
        "diagnose_photo",
        "encode",
        "generate_gradcam_visualization",
        "get_colormap_options",
        "get_model_transforms",
        "get_target_layer",
        "get_validation_transforms",
        "load_model_once",
        "measure_faithfulness",
        "predict_disease",
        "render_overlay",
        "save_gradcam",
        "visualize_gradcam_grid",
    ]


def test_every_public_name_is_there() -> None:
    assert all(getattr(engine, name) is not None for name in engine.__all__)
    with pytest.raises(AttributeError, match="no attribute 'GradCam'"):
        _ = engine.GradCam


def test_importing_the_package_loads_no_torch() -> None:
    code = "import engine, sys; assert not {'torch', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
