"""Leaves that the project draws itself, with lesions at known places, for tests and docs.

Shapes, surfaces, diseases and grounds are modules; `leaves.py` puts them together.
"""
