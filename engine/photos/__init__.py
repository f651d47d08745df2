"""Photos as arrays: decoded, made into a model's input, and drawn over with a map.

OpenCV is used in `overlay.py` and `resize.py` alone. Nothing here knows a map's origin.
"""
