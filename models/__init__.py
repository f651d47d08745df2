"""Model cards, architectures, weights and calibration; `training/` makes new weights.

A card is data in `cards/`, beside what reads it; `catalog.py` has all of them, by id. An
architecture is a module in `architectures/`. Nothing here knows the engine, jobs or HTTP, and cards
are read without torch.
"""
