"""`cropshield doctor`: one module for each part of the installation that is checked.

A check returns findings and changes nothing; `doctor.py` runs and prints them.
"""
