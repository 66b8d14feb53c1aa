"""Finding out where a NaN came from: `detect_anomaly` and `set_detect_anomaly`."""

from __future__ import annotations

from .. import modes

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]


class detect_anomaly(modes.Switch):
    """Remember where each operation was called, and raise where a backward pass makes a NaN (unless `check_nan` is False).

    An error in the backward pass of a graph that was recorded inside carries the place of the forward call.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = bool(check_nan)

    def _inside(self) -> modes.Modes:
        """Anomaly detection is on."""
        return modes.current()._replace(anomaly=modes.Anomaly(self.check_nan))

    def _another(self) -> detect_anomaly:
        return detect_anomaly(self.check_nan)


class set_detect_anomaly(modes.Switch):
    """Switch anomaly detection on or off, at once; as a context manager, until its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.mode, self.check_nan = bool(mode), bool(check_nan)
        self._before = modes.replace(self._inside())

    def _inside(self) -> modes.Modes:
        """Anomaly detection as it was asked for."""
        return modes.current()._replace(anomaly=modes.Anomaly(self.check_nan) if self.mode else None)

    def __enter__(self) -> None:
        modes.replace(self._inside())

    def __exit__(self, *exception: object) -> None:
        modes.replace(modes.current()._replace(anomaly=self._before.anomaly))

    def _another(self) -> set_detect_anomaly:
        return set_detect_anomaly(self.mode, self.check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return modes.current().anomaly is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN, where it is on."""
    anomaly = modes.current().anomaly
    return anomaly is None or anomaly.check_nan
