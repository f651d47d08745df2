"""How good a model is: metrics, calibration, shortcuts, label errors, two models compared.

Photos are decoded and run exactly as for serving. Only commands import this package.
"""
