"""Measurements in a process of their own: memory, import times, and what may crash.

`python isolation.py MODULE FUNCTION ARGUMENTS-IN-JSON` prints the result in JSON on its last line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import threads


def isolated(module: str, function: str, *arguments: Any, timeout: float = 300.0) -> Any:
    """The result of a function of these benchmarks, called in a fresh interpreter; words if it failed.

    `timeout` is in seconds. Arguments and result pass through JSON.
    """
    return interpreted(str(Path(__file__)), module, function, json.dumps(arguments), timeout=timeout)


def interpreted(*command: str, timeout: float = 300.0, environment: Mapping[str, str] | None = None) -> Any:
    """What a fresh interpreter with these arguments prints last, read as JSON; words if it failed."""
    command = (sys.executable, *command)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"> {timeout:.0f} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return lines[-1].partition(":")[0] if lines and done.returncode > 0 else f"signal {-done.returncode}"
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    threads.limit()
    print(json.dumps(getattr(import_module(sys.argv[1]), sys.argv[2])(*json.loads(sys.argv[3]))))
