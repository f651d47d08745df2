"""Training of models by the recipe on their card: `loop.py` over `augmentation/` over `data/`; and
their `calibration/`. Commands import this package, servers never do.
"""
