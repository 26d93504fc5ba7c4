"""When the next scheduled refresh is due: by the age of the catalogue, never on the stroke of the clock."""

from typing import Final

# Replicas and sites that were started together shall not all ask at the same moment.
_JITTER: Final = 0.1
_SOON: Final = 60.0
_FIRST_BACK_OFF: Final = 60.0


def jittered(seconds: float, fraction: float) -> float:
    """`seconds`, give or take a tenth; `fraction`, in [0, 1), is by chance."""
    return seconds * (1 + _JITTER * (2 * fraction - 1))


def until_due(interval: float, age: float | None) -> float:
    """Seconds until a catalogue of that age in seconds is `interval` old; 0 when it is, or there is none.

    A catalogue from the future, by clocks that differ, is a new one.
    """
    return 0.0 if age is None else max(0.0, interval - max(0.0, age))


def soon(every: float, fraction: float) -> float:
    """After how many seconds a process that has just started sees to a catalogue that is too old."""
    return fraction * min(_SOON, every * _JITTER)


def back_off(every: float, failures: int, fraction: float) -> float:
    """After how many seconds to try again what could not be reached, that many times in a row (1, 2 …).

    It doubles from a minute, and is never longer than the usual interval.
    """
    doubled = _FIRST_BACK_OFF * 2.0 ** min(failures - 1, 30)
    return jittered(min(doubled, every), fraction)
