"""Fit a logistic regression with SciPy's Newton method: gradient and curvature come from arraygrad.

    python examples/logistic_regression.py --backend numpy --plot logistic_regression.png

The data are scikit-learn's 569 breast tumours, described by 30 measurements each. SciPy sees NumPy arrays alone: a
function for the loss with its gradient (reverse mode), and one for the product of the Hessian with a vector (forward
mode over reverse mode), which costs about as much as two gradients. The result is compared with scikit-learn's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

import arraygrad as ag


class Problem(NamedTuple):
    """What is minimised, with its derivatives, from NumPy arrays to NumPy arrays."""

    loss_and_gradient: Callable[[Any], tuple[float, Any]]
    hessian_times: Callable[[Any, Any], Any]


class Fit(NamedTuple):
    """Where a method ended, and the loss after each of its iterations."""

    weights: Any
    losses: list[float]
    seconds: float


def make_problem(features: Any, labels: Any, strength: float, backend: str) -> Problem:
    """The mean of log(1 + exp(-margin)) with a penalty on all weights but the last, which is the intercept."""

    def enter(x: Any) -> ag.Tensor:
        return ag.asarray(x, dtype=ag.float64, backend=backend)

    rows, signs = enter(features), enter(2 * labels - 1)

    def loss(weights: ag.Tensor) -> ag.Tensor:
        slope, intercept = weights[:-1], weights[-1]
        margins = signs * (rows @ slope + intercept)
        return ag.softplus(-margins).mean() + slope @ slope / (2 * strength * len(labels))

    both, gradient = ag.func.value_and_grad(loss), ag.func.grad(loss)

    def loss_and_gradient(weights: Any) -> tuple[float, Any]:
        value, slope = both(enter(weights))
        return float(value), slope.numpy()

    def hessian_times(weights: Any, direction: Any) -> Any:
        _, product = ag.func.jvp(gradient, (enter(weights),), (enter(direction),))
        return product.numpy()

    return Problem(loss_and_gradient, hessian_times)


def fit(problem: Problem, start: Any, method: str, limit: int, **options: Any) -> Fit:
    """Minimise from `start` by one of SciPy's methods."""
    curvature = {"hessp": problem.hessian_times} if method == "trust-ncg" else {}
    losses = [problem.loss_and_gradient(start)[0]]
    began = time.perf_counter()
    with tqdm(total=limit, desc=method, unit="iteration") as bar:

        def note(intermediate_result: Any) -> None:
            losses.append(float(intermediate_result.fun))
            bar.update()
            bar.set_postfix(loss=f"{losses[-1]:.8f}")

        found = minimize(
            problem.loss_and_gradient, start, jac=True, method=method, callback=note,
            options={"maxiter": limit, **options}, **curvature,
        )  # fmt: skip
    return Fit(found.x, losses, time.perf_counter() - began)


def fit_with_sklearn(features: Any, labels: Any, strength: float) -> Any:
    """scikit-learn's weights for the same loss, the intercept last."""
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(features, labels)
    return np.append(model.coef_[0], model.intercept_)


def plot(fits: dict[str, Fit], reference: Any, names: Any, file: str) -> None:
    """Draw how far each method is from the optimum by iteration, and the weights of the measurements."""
    first = next(iter(fits.values()))
    weights, best = first.weights, first.losses[-1]
    figure = Figure(figsize=(12, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, each in fits.items():
        left.semilogy(np.maximum(np.asarray(each.losses) - best, 1e-16), marker="o", markersize=3, label=name)
    left.set(xlabel="iteration", title="loss above the optimum")
    left.legend(frameon=False)
    order = np.argsort(weights[:-1])
    places = np.arange(len(order))
    right.barh(places, weights[order], color=np.where(weights[order] > 0, "tab:blue", "tab:red"), alpha=0.6)
    right.plot(reference[order], places, "k|", markersize=7, label="scikit-learn")
    right.set_yticks(places, names[order], fontsize="x-small")
    right.set(ylim=(-0.7, len(order) - 0.3), title="weights of the measurements: malignant (−), benign (+)")
    right.legend(frameon=False, loc="lower right")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=150)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="numpy", help="array library, e.g. array_api_strict (default: numpy)")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights (default: 0)")
    parser.add_argument("--strength", type=float, default=1.0, help="scikit-learn's C: penalise less (default: 1)")
    parser.add_argument("--plot", default="logistic_regression.png", metavar="FILE", help="image to save")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> tuple[float, float]:
    """Fit, print and plot; returns how far scikit-learn's loss is above ours, and the largest difference of weights."""
    options = parse(argv)
    data = load_breast_cancer()
    features = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    problem = make_problem(features, data.target, options.strength, options.backend)
    start = np.random.default_rng(options.seed).normal(scale=0.1, size=features.shape[1] + 1)
    newton = fit(problem, start, "trust-ncg", 50, gtol=1e-9)
    gradient_alone = fit(problem, start, "L-BFGS-B", 200, gtol=1e-9, ftol=0)
    reference = fit_with_sklearn(features, data.target, options.strength)
    loss, slope = problem.loss_and_gradient(newton.weights)
    above = problem.loss_and_gradient(reference)[0] - loss
    difference = float(np.abs(newton.weights - reference).max())
    fits = {"trust-ncg: gradient and Hessian times vector": newton, "L-BFGS-B: gradient alone": gradient_alone}
    plot(fits, reference, data.feature_names, options.plot)
    print(
        f"logistic regression: loss {loss:.10f}, gradient {np.abs(slope).max():.1e} after {len(newton.losses) - 1} "
        f"Newton iterations in {newton.seconds:.2f} s on {options.backend}; scikit-learn's loss is {above:.1e} above, "
        f"its weights differ by {difference:.1e}"
    )
    return above, difference


if __name__ == "__main__":
    main()
