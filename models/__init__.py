"""Model cards, architectures, weights and calibration; `training/` makes new weights.

A card is data in `cards/`; an architecture is a module in `architectures/`. Nothing here knows
the engine, jobs or HTTP, and cards are read without torch.
"""
