"""Training and calibration of models by the recipe on their card.

An augmentation belongs into `augment.py`; commands import this package, servers never do.
"""
