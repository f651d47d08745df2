"""Reports as one HTML file each: templates, scripts and pictures inside, no request leaves it.

What `explain` and `audit` share of their pages belongs here.
"""
