"""How far two ways to measure the same thing agree."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Agreement:
    """`concordance`: Lin's coefficient, 1 where all values are equal, 0 where one way tells nothing
    of the other. `mean_error`: of the first way less the second; `low` and `high`: the limits
    between which 95 % of the errors are expected (Bland and Altman 1986)."""

    count: int
    concordance: float
    mean_error: float
    low: float
    high: float

    def of_card(self, name: str) -> dict[str, float]:
        """What a card records of `name`."""
        rounded = {key: round(value, 4) for key, value in asdict(self).items()}
        return {f"{name}_{key}": value for key, value in rounded.items()}


def agreement(found: npt.ArrayLike, true: npt.ArrayLike) -> Agreement:
    """Of values (n,) found in one way and in another; n at least 2, or ValueError is raised.

    2 cov(x, y) / (var(x) + var(y) + (mean(x) - mean(y))^2). Lin 1989, A concordance correlation
    coefficient to evaluate reproducibility, Biometrics 45. Not a number where all values of both
    ways are the same one.
    """
    x, y = np.asarray(found, np.float64), np.asarray(true, np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError(f"values of shapes {x.shape} and {y.shape}; needed are 2 or more of each")
    error = x - y
    apart = x.var() + y.var() + error.mean() ** 2
    shared = 2 * float(((x - x.mean()) * (y - y.mean())).mean())
    spread = 1.96 * float(error.std(ddof=1))
    mean = float(error.mean())
    concordance = shared / float(apart) if apart > 0 else float("nan")
    return Agreement(len(x), concordance, mean, mean - spread, mean + spread)
