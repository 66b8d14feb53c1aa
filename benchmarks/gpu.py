"""The benchmarks and the conformance kit on a GPU: `python benchmarks/gpu.py`, on a machine that has one, with CuPy.

Measures arraygrad on CuPy beside CuPy by hand, and PyTorch and JAX where they are installed for the same GPU; runs the
conformance kit on CuPy; and writes both, with the date, the versions and the name of the device, to a file in
`docs/results/`. Times are taken between events of the GPU. Without a GPU it says so and exits with 2;
`--backend numpy` does all the same on the CPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

RESULTS = Path(__file__).parents[1] / "docs" / "results"
KIT = "arraygrad.conformance"

if TYPE_CHECKING:
    from arrays import ArrayLibrary
    from libraries import Library
    from measurement import Settings
    from row import Row
    from timing import Clock


def why_not(backend: str) -> str | None:
    """Why there can be no measurement on a backend; None if there can."""
    if backend != "cupy":
        return None
    try:
        import cupy

        count = cupy.cuda.runtime.getDeviceCount()
    except ImportError as error:
        return f"CuPy cannot be imported ({error}); install cupy-cuda12x or cupy-cuda13x, whichever fits the driver"
    except Exception as error:  # CuPy's own class, of whatever the driver says
        return f"CuPy finds no GPU ({error})"
    return None if count else "CuPy finds no GPU"


def others(backend: str) -> dict[str, tuple[Library, Clock]]:
    """PyTorch and JAX on the device of the backend, each with its clock."""
    import arrays
    from libraries import PYTORCH, is_installed, load

    wanted, found = "cpu" if backend == "numpy" else "cuda", dict[str, Any]()
    if is_installed(PYTORCH):
        import torch
        from libraries.pytorch import PyTorch

        if wanted == "cpu" or torch.cuda.is_available():
            found[PYTORCH] = PyTorch(wanted), arrays.Torch("torch", wanted).clock
    if is_installed("JAX"):
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")  # as the others have it
        if wanted == "cpu" or jax.default_backend() == "gpu":
            for name in ("JAX", "JAX jit"):
                found[name] = load(name), arrays.Jax("jax").clock
    return found


def overheads(settings: Settings, library: ArrayLibrary) -> Iterator[Row]:
    """On tiny arrays, with NumPy's excess to compare with."""
    from arrays import ArrayLibrary
    from cases import overhead

    yield from overhead.rows(settings, [ArrayLibrary("numpy"), *([library] if library.name != "numpy" else [])])


def large(settings: Settings, library: ArrayLibrary) -> Iterator[Row]:
    """On large arrays, and a step of a network."""
    from cases import parity

    beside = others(library.name)
    for title, make in parity.problems(settings).items():
        yield parity.row(f"{library.name}: {title}", library, make(), settings, beside)


def conformance(backend: str, options: list[str]) -> tuple[int, str]:
    """The exit status of the conformance kit on a backend, and the last lines that it printed."""
    command = [sys.executable, "-m", KIT, "--backend", backend, *options]
    environment = {name: value for name, value in os.environ.items() if name != "JAX_PLATFORMS"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return done.returncode, "\n".join(said[-40:])


def main() -> int:
    """Measure, check, write; 0 if the kit passes, 1 if not, 2 where there is no GPU."""
    import threads

    if "numpy" in sys.argv:
        threads.limit()  # before anything imports NumPy: the CPU in place of a GPU
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the memory of the GPU is for all libraries
    from program import Case, measure, parser, provenance, write

    options = parser(__doc__)
    options.add_argument("--backend", choices=("cupy", "numpy"), default="cupy", help="numpy: a rehearsal without a GPU")
    options.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="folder (default: docs/results)")
    options.add_argument("--kit", default="", metavar="OPTIONS", help="options of the conformance kit, as one argument")
    options.add_argument("--no-kit", action="store_true", help="only measure")
    arguments = options.parse_args()
    reason = why_not(arguments.backend)
    if reason is not None:
        print(f"gpu.py: {reason}. Nothing was measured; `--backend numpy` rehearses without a GPU.", file=sys.stderr)
        return 2
    from arrays import installed
    from cases import overhead, parity
    from table import Layout

    (library,) = installed(arguments.backend)
    layout = Layout(
        (*parity.LAYOUT.columns[:2], *others(arguments.backend)),
        {name: f"of {name}" for name in (parity.BY_HAND, *others(arguments.backend))},
    )
    cases = {
        "overhead": Case(lambda settings: overheads(settings, library), overhead.LAYOUT),
        "large": Case(lambda settings: large(settings, library), layout),
    }
    tables = measure(cases, arguments)
    if tables is None:
        return 2
    device = f"{library.device} ({library.name} {library.version})"
    target = arguments.markdown or arguments.results / f"gpu-{date.today()}.md"
    status, kit = 0, "\nThe conformance kit was not run.\n"
    if not arguments.no_kit:
        status, said = conformance(arguments.backend, arguments.kit.split())
        print(said)
        kit = f"\n## Conformance kit on {library.name}\n\nExit status {status}.\n\n```\n{said}\n```\n"
    write(target, f"arraygrad on {device}", provenance(device), tables, kit)
    print(f"written to {target}")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
