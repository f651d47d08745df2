"""`cropshield train` and `calibrate`: weights and thresholds made from photos, and put on a card.

The maths is in `models.training`; what talks to the user, and writes the card, belongs here.
"""
