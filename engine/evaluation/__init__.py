"""How good a model is: metrics, calibration, shortcuts, label errors, two models compared.

All of it takes photos through the path by which they are served. Only commands import it.
"""
