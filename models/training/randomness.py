"""The random numbers of training that are not torch's.

They are not those of the module `random`, from which any thread of the process may draw: the
exporter of traces does before it tries again. A resumed run must have the numbers that it would
have had.
"""

import random

import torch

rng = random.Random()


def seed(number: int) -> torch.Generator:
    """Seed `rng` and torch. Returns a generator of its own with the same seed."""
    rng.seed(number)
    torch.manual_seed(number)
    return torch.Generator().manual_seed(number)
