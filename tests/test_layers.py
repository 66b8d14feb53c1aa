"""Imports inside the package run one way, so that each layer can be read knowing only those before it."""

from __future__ import annotations

import ast
from pathlib import Path

import arraygrad

SOURCE = Path(arraygrad.__file__).parent

LAYERS = (
    "errors", "dtypes", "standard", "structure", "modes", "backends", "graph", "selection", "conversion", "family",
    "tensor", "ownership", "dual", "rules", "saved", "op", "call", "keys", "options", "copies", "stale", "overlaps", "views",
    "stacks",
    "overwriting", "derive",
    "hotpath", "kinds", "ops", "namespace", "inplace", "hooks", "passes", "execution", "engine", "accumulation",
    "roots", "gradients", "transforms", "jacobians", "func", "context", "custom", "autograd", "profiling", "checkpoint",
    "decorators", "interop", "printing", "factories", "numpy_protocols", "pytorch", "methods", "visualize", "saving",
    "__init__", "__main__",
)  # fmt: skip
"""Every module or subpackage, in the order in which they may import."""

TYPES_ONLY = {"attached"}
"""Modules for type checkers, which nothing imports at run time."""


def modules() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in SOURCE.rglob("*.py"):
        relative = path.relative_to(SOURCE)
        found.setdefault(relative.parts[0].removesuffix(".py"), []).append(path)
    return found


def imported_layers(path: Path) -> set[str]:
    """Layers that a file imports when it is itself imported: neither inside functions nor for type checkers."""
    depth = len(path.relative_to(SOURCE).parts)
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            names |= {node.module.partition(".")[0]} if node.module else {alias.name for alias in node.names}
    return names


def test_every_module_has_its_layer():
    assert set(modules()) - TYPES_ONLY == set(LAYERS)


def test_imports_run_one_way():
    order = {name: position for position, name in enumerate(LAYERS)}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for layer, paths in modules().items()
        if layer in order
        for path in paths
        for name in imported_layers(path)
        if order.get(name, len(LAYERS)) >= order[layer]
    ]
    assert not wrong, wrong


def test_files_stay_small():
    for paths in modules().values():
        for path in paths:
            text = path.read_text()
            limit = 420 if path.parent.name == "ops" else 330  # a chapter of the standard is one noun
            assert len(text.splitlines()) <= limit, f"{path.name} has {len(text.splitlines())} lines"


def test_no_module_is_named_for_what_it_is_not():
    assert not {"utils", "helpers", "common", "misc"} & {path.stem for path in SOURCE.rglob("*.py")}


def test_importing_arraygrad_imports_no_array_library_but_numpy():
    import subprocess
    import sys

    others = ("torch", "jax", "cupy", "dask", "array_api_strict")
    program = f"import sys, arraygrad; print([name for name in {others} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
