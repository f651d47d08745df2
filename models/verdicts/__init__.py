"""How far to rely on an answer: confidences, the score by class means, and the verdict of the two;
and whether confidence can be believed. NumPy alone.
"""
