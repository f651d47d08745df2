"""`cropshield audit`: a labelled folder in, a report and its numbers out.

Figures come from `engine.evaluation`; what is here puts them together and into words.
"""
