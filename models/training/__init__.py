"""Training and calibration of models by the recipe on their card: `loop.py` over `augmentation/`
over `data/`. Commands import this package, servers never do.
"""
