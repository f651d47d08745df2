"""Attacks at full size, and what an honest client sees meanwhile: `make siege`."""
