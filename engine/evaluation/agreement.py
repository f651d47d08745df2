"""How well two measurements of the same things agree."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Agreement:
    """`concordance`: Lin's coefficient, 1 where all values are equal, 0 where the measurements are
    unrelated. `mean_error`: the mean of first less second; `low` and `high`: the limits between
    which 95 % of the errors are expected (Bland and Altman 1986)."""

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
    """The agreement of two measurements (n,) of the same things. Raises ValueError for n below 2.

    2 cov(x, y) / (var(x) + var(y) + (mean(x) - mean(y))^2). Lin 1989, A concordance correlation
    coefficient to evaluate reproducibility, Biometrics 45. NaN where all values of both are the
    same.
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
