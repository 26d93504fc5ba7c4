"""Times as a benchmark prints them."""

from collections.abc import Sequence
from statistics import quantiles

from attrs import frozen


@frozen
class Times:
    """Microseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        shares = quantiles(seconds, n=20)
        return cls(shares[9] * 1e6, shares[18] * 1e6)
