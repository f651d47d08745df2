"""Reports as one HTML file each: templates, scripts and pictures are inside, and nothing is
requested.

What the pages of `explain` and `audit` share belongs here.
"""
