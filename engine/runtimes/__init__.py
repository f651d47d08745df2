"""What runs a model: torch for every model, OpenVINO where its graph gives the same maps.

A new runtime is a module with a `Runtime` (see `base.py`) that `select.py` tries.
"""
