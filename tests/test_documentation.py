"""What the documents say is what the code does."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import rosen_der

ROOT = Path(__file__).parents[1]


def test_the_example_of_the_readme_runs():
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
    shown = subprocess.run([sys.executable, "-W", "error", "-c", example], capture_output=True, text=True, check=True)
    first, second = shown.stdout.splitlines()[:2]
    x = np.linspace(0.1, 1.0, 4)
    np.testing.assert_allclose(numbers(first), np.cos(x) * x**2 + 2 * x * np.sin(x), atol=1e-4)
    np.testing.assert_allclose(numbers(second), rosen_der(np.array([1.3, 0.7, 0.8])), atol=1e-3)


def numbers(line: str) -> list[float]:
    return [float(number) for number in re.search(r"\[(.*)\]", line).group(1).split(",")]


def test_the_example_of_the_package_runs():
    import doctest

    import arraygrad

    assert doctest.testmod(arraygrad).failed == 0


def test_the_table_of_operations_is_that_of_the_declarations():
    made = runpy.run_path(str(ROOT / "docs" / "operations.py"))
    assert made["PAGE"].read_text() == made["page"](), "run `python docs/operations.py`"


def test_documents_name_files_that_exist():
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_examples_of_how_to_extend_run():
    import arraygrad as ag

    scope = {}
    for example in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL):
        exec(example, scope)
    assert scope["x"].grad.tolist() == [0.25, 0.0625]
    x = ag.tensor([-1.0, 3.0, 0.0], dtype=ag.float64, requires_grad=True)
    for function in (scope["softsign"], scope["log1pexp"]):
        assert ag.autograd.gradcheck(function, (x,), check_forward_ad=True)
    assert ag.autograd.gradgradcheck(scope["log1pexp"], (x,))
    with ag.use_backend("array_api_strict"):
        y = ag.tensor([3.0], requires_grad=True)
        scope["softsign"](y).backward()
        assert y.grad.tolist() == [0.0625] and y.grad.backend.name == "array_api_strict"


def test_the_example_of_other_libraries_runs():
    from scipy import stats

    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "libraries.md").read_text(), re.DOTALL).group(1)
    scope = {}
    exec(example, scope)
    x = scope["x"].detach().numpy()
    differences = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-6
        above, below = (stats.ttest_1samp(x + sign * step, 1.0, axis=1).pvalue.sum() for sign in (1, -1))
        differences[index] = (above - below) / 2e-6
    np.testing.assert_allclose(scope["x"].grad.numpy(), differences, rtol=1e-6)
