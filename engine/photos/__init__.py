"""Photos as arrays: decoded, made into a model's input, and drawn over with a map.

OpenCV is used in `overlay.py` alone. Nothing here knows a map's origin.
"""
