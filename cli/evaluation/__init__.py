"""`cropshield evaluate` and `compare`: how good a model is, in figures.

The figures come from `engine.evaluation`; what reads photos for them and
prints them belongs here.
"""
