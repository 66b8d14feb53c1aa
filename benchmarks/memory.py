"""Memory of this process, in bytes."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


def _status(field: str) -> int | None:
    """A line of Linux's account of this process, None on other systems."""
    if not _STATUS.exists():
        return None
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None


def highest() -> int:
    """The most memory this process has had since `forget_highest`, or since it began where that does nothing."""
    found = _status("VmHWM")
    if found is not None:
        return found
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget_highest() -> None:
    """Count the highest memory from now on, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def resident() -> int:
    """The memory that this process has now; the highest so far where the system does not say."""
    found = _status("VmRSS")
    return highest() if found is None else found


def trim() -> None:
    """Give what the C library holds in reserve back to the system, where it can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def growth(call: Callable[[], Any]) -> tuple[int, int]:
    """By how much a call raises the highest memory, and the memory that is left when its result is gone.

    The garbage collector is off, so what is freed is freed by reference counts.
    """
    gc.collect()
    gc.disable()
    trim()
    forget_highest()
    before = resident()
    result = call()
    peak = highest()
    del result
    trim()
    left = resident()
    gc.enable()
    return max(0, peak - before), max(0, left - before)
