"""The durations of Azure's operations: a table of quantiles and a draw from it.

The seconds are quantiles (0, 10, 25, 50, 75, 90, 100 %) over 4,000 finished operations found in
Microsoft's published test recordings of 2018 to 2025; test images of 30 GB, so a real image takes
longer. A draw picks a uniform number and interpolates between the quantiles.
"""

from __future__ import annotations

from bisect import bisect_right

_AT = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

QUANTILES: dict[str, tuple[float, ...]] = {
    "gallery create": (0.06, 0.11, 0.19, 0.27, 0.33, 1.0, 21.4),
    "gallery update": (0.02, 0.03, 0.03, 0.05, 0.05, 0.06, 3.5),
    "gallery delete": (0.06, 0.08, 0.09, 0.12, 0.75, 1.7, 2.6),
    "definition create": (0.05, 0.09, 0.11, 0.12, 0.14, 0.23, 1.6),
    "definition update": (0.03, 0.03, 0.05, 0.05, 0.05, 0.05, 0.06),
    "definition delete": (0.06, 0.11, 0.17, 0.22, 0.3, 0.86, 2.2),
    "version create": (285, 361, 406, 428, 473, 541, 886),
    "version create shallow": (30, 30, 30, 45, 45, 45, 60),
    "version create many regions": (421, 480, 480, 495, 555, 721, 1411),
    "version update": (30, 135, 150, 150, 195, 375, 420),
    "version update adding regions": (150, 150, 150, 421, 556, 721, 1411),
    "version delete": (25, 90, 90, 90, 91, 150, 150),
    "image create": (5.05, 5.1, 5.1, 5.2, 10.2, 10.4, 45.5),
    "image update": (5.05, 5.06, 5.08, 5.09, 5.1, 5.1, 5.14),
    "image delete": (5.06, 5.09, 5.09, 5.1, 5.14, 5.2, 15.7),
    "disk": (0.1, 0.11, 0.13, 0.15, 0.5, 1.0, 2.0),
    "machine": (20, 25, 30, 40, 50, 60, 90),
    "machine delete": (20, 25, 30, 40, 50, 60, 90),
    "machine timeout": (1205, 1210, 1215, 1220, 1230, 1240, 1260),
    "run command delete": (5, 5, 5, 5, 10, 10, 15),
    "other": (0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1),
}


def draw(kind: str, at: float) -> float:
    """Seconds for one operation of this kind; `at` was drawn uniformly, 0 <= at < 1."""
    values = QUANTILES[kind]
    upper = min(bisect_right(_AT, at), len(_AT) - 1)
    low, high = _AT[upper - 1], _AT[upper]
    return values[upper - 1] + (values[upper] - values[upper - 1]) * (at - low) / (high - low)
