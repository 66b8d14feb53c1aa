"""Fill in a line of terrain with a Gaussian process, whose hyper-parameters are fitted by gradient.

    python examples/gaussian_process.py --backend numpy --points 100 --plot gaussian_process.png

The data ship with matplotlib: heights along a line of 30 km across the Jacksboro fault in Tennessee. Some points are
measured, the others are predicted. The logarithm of the marginal likelihood (Rasmussen and Williams, 2006, algorithm
2.1) is differentiated through its Cholesky decomposition: once for the fit, twice for the error bars of what was
fitted. The result is compared with scikit-learn's.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from tqdm import tqdm

import arraygrad as ag

START = np.log([1.0, 1.5, 0.5])
"""Logarithms of the first amplitude (in units of the heights' spread), length (km) and noise (as the amplitude)."""


class Terrain(NamedTuple):
    """Places in km and heights in m along the line, and which of them are measured."""

    places: Any
    heights: Any
    measured: Any

    @property
    def centre(self) -> float:
        """Mean of the measured heights."""
        return float(self.heights[self.measured].mean())

    @property
    def spread(self) -> float:
        """Standard deviation of the measured heights."""
        return float(self.heights[self.measured].std())


class Result(NamedTuple):
    """Fitted logarithms of the hyper-parameters, their standard errors, the likelihood, and the way there."""

    parameters: Any
    errors: Any
    likelihood: float
    path: list[Any]
    seconds: float


def load(row: int, count: int, seed: int) -> Terrain:
    """One row of the elevation map, of which `count` points, spread at random, are measured."""
    data = get_sample_data("jacksboro_fault_dem.npz")
    heights = data["elevation"][row].astype(float)
    step = float(data["dx"]) * 111.32 * math.cos(math.radians(float(data["ymin"])))
    chosen = np.random.default_rng(seed).permutation(len(heights))[:count]
    measured = np.zeros(len(heights), dtype=bool)
    measured[chosen] = True
    return Terrain(step * np.arange(len(heights)), heights, measured)


def kernel(parameters: ag.Tensor, a: ag.Tensor, b: ag.Tensor) -> ag.Tensor:
    """Covariance of the heights at places a and b."""
    amplitude, length = ag.exp(parameters[0]), ag.exp(parameters[1])
    distance = (ag.expand_dims(a, axis=1) - b) / length
    return amplitude**2 * ag.exp(-(distance**2) / 2)


def factor(parameters: ag.Tensor, x: ag.Tensor) -> ag.Tensor:
    """The Cholesky factor of the covariance of what is measured at x."""
    noise = ag.exp(2 * parameters[2])
    identity = ag.eye(len(x), dtype=x.dtype, backend=x.backend)
    return ag.linalg.cholesky(kernel(parameters, x, x) + noise * identity)


def log_likelihood(parameters: ag.Tensor, x: ag.Tensor, y: ag.Tensor) -> ag.Tensor:
    """The logarithm of the probability of y at x, whatever the function is that the process draws."""
    lower = factor(parameters, x)
    white = ag.linalg.solve_triangular(lower, ag.expand_dims(y, axis=1))
    log_determinant = ag.log(ag.linalg.diagonal(lower)).sum()
    return -(white**2).sum() / 2 - log_determinant - len(x) / 2 * math.log(2 * math.pi)


def fit(x: ag.Tensor, y: ag.Tensor, backend: str, limit: int = 100) -> Result:
    """Maximise the likelihood; the errors are those of its quadratic approximation at the maximum."""

    def loss(parameters: ag.Tensor) -> ag.Tensor:
        return -log_likelihood(parameters, x, y)

    value_and_grad = ag.func.value_and_grad(loss)

    def for_scipy(parameters: Any) -> tuple[float, Any]:
        value, gradient = value_and_grad(ag.asarray(parameters, backend=backend))
        return float(value), gradient.numpy()

    path = [START]
    start = time.perf_counter()
    with tqdm(total=limit, desc="fitting", unit="iteration") as bar:

        def note(intermediate_result: Any) -> None:
            path.append(intermediate_result.x.copy())
            bar.update()
            bar.set_postfix(likelihood=f"{-float(intermediate_result.fun):.4f}")

        found = minimize(for_scipy, START, jac=True, method="L-BFGS-B", callback=note, options={"maxiter": limit})
    curvature = ag.func.hessian(loss)(ag.asarray(found.x, backend=backend)).numpy()
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    return Result(found.x, errors, -float(found.fun), path, time.perf_counter() - start)


@ag.no_grad()
def predict(parameters: ag.Tensor, x: ag.Tensor, y: ag.Tensor, new: ag.Tensor) -> tuple[Any, Any]:
    """Mean and standard deviation of measurements at new places."""
    lower = factor(parameters, x)
    white = ag.linalg.solve_triangular(lower, ag.expand_dims(y, axis=1))
    cross = ag.linalg.solve_triangular(lower, kernel(parameters, x, new))
    mean = (cross * white).sum(axis=0)
    variance = ag.exp(2 * parameters[0]) + ag.exp(2 * parameters[2]) - (cross**2).sum(axis=0)
    return mean.numpy(), ag.sqrt(variance).numpy()


def fit_with_sklearn(x: Any, y: Any) -> tuple[Any, float]:
    """scikit-learn's fitted parameters in our units, and its likelihood."""
    amplitude, length, noise = np.exp(START)
    covariance = ConstantKernel(amplitude**2) * RBF(length) + WhiteKernel(noise**2)
    model = GaussianProcessRegressor(covariance).fit(x[:, None], y)
    return model.kernel_.theta * [0.5, 1, 0.5], model.log_marginal_likelihood_value_


@ag.no_grad()
def likelihood_map(result: Result, x: ag.Tensor, y: ag.Tensor, count: int) -> tuple[Any, Any, Any]:
    """The likelihood by length and noise, at the fitted amplitude."""
    lengths, noises = np.linspace(-2, 0.6, count), np.linspace(-4, -0.4, count)
    pairs = [(length, noise) for noise in noises for length in lengths]
    values = [
        log_likelihood(ag.asarray(np.array([result.parameters[0], *pair]), backend=x.backend), x, y).item()
        for pair in tqdm(pairs, desc="mapping", unit="point")
    ]
    return lengths, noises, np.reshape(values, (count, count))


def plot_prediction(axes: Any, terrain: Terrain, mean: Any, deviation: Any) -> None:
    """Draw the measured points, the line that was predicted with its band, and the true one."""
    places, heights, measured = terrain
    axes.fill_between(places, mean - 1.96 * deviation, mean + 1.96 * deviation, color="tab:blue", alpha=0.2, lw=0)
    axes.plot(places, heights, color="0.45", lw=1, label="terrain")
    axes.plot(places, mean, color="tab:blue", lw=1.5, label="predicted, with 95 % band")
    axes.plot(places[measured], heights[measured], "k.", markersize=5, label="measured")
    axes.set(xlabel="km", ylabel="height in m", title="a line across the Jacksboro fault", xlim=places[[0, -1]])
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def plot_likelihood(axes: Any, result: Result, reference: Any, grid: tuple[Any, Any, Any], spread: float) -> None:
    """Draw the likelihood by length and noise, the way of the fit, and where scikit-learn ended."""
    lengths, noises, values = grid
    levels = [-100, -50, -20, -10, -5, -2, -0.5]
    grid_axes = np.exp(lengths), spread * np.exp(noises)
    norm = SymLogNorm(1, vmin=-300, vmax=8)
    axes.contourf(*grid_axes, values - result.likelihood, [*levels, 0.5], cmap="Blues", norm=norm, extend="min")
    lines = axes.contour(*grid_axes, values - result.likelihood, levels, colors="0.3", linewidths=0.5, linestyles="-")
    axes.clabel(lines, fontsize="small", fmt="%g")
    path = np.exp(result.path)
    axes.plot(path[:, 1], spread * path[:, 2], "o-", color="tab:orange", markersize=4, lw=1, label="way of the fit")
    axes.plot(*np.exp(reference[1:]) * [1, spread], "k+", markersize=14, mew=1.5, label="scikit-learn's optimum")
    axes.set(xscale="log", yscale="log", xlabel="length in km", ylabel="noise in m")
    axes.set(title="log marginal likelihood, below its maximum", xlim=grid_axes[0][[0, -1]], ylim=grid_axes[1][[0, -1]])
    axes.xaxis.set_minor_formatter(NullFormatter())
    for axis, ticks in ((axes.xaxis, (0.2, 0.5, 1)), (axes.yaxis, (5, 10, 20, 50))):
        axis.set_ticks(ticks, map(str, ticks))
    axes.legend(loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="numpy", help="array library, e.g. array_api_strict (default: numpy)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of the measured points (default: 0)")
    parser.add_argument("--points", type=int, default=100, help="measured points, of 403 (default: 100)")
    parser.add_argument("--row", type=int, default=220, help="row of the map, of 344 (default: 220)")
    parser.add_argument("--grid", type=int, default=40, help="points a side of the likelihood's map (default: 40)")
    parser.add_argument("--plot", default="gaussian_process.png", metavar="FILE", help="image to save")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> tuple[float, float]:
    """Fit, print and plot; returns our logarithm of the marginal likelihood and scikit-learn's."""
    options = parse(argv)
    terrain = load(options.row, options.points, options.seed)
    scaled = (terrain.heights - terrain.centre) / terrain.spread
    raw_x, raw_y = terrain.places[terrain.measured], scaled[terrain.measured]
    x, y, new = (ag.asarray(part, backend=options.backend) for part in (raw_x, raw_y, terrain.places))
    result = fit(x, y, options.backend)
    reference, sklearn_likelihood = fit_with_sklearn(raw_x, raw_y)
    mean, deviation = predict(ag.asarray(result.parameters, backend=options.backend), x, y, new)
    mean, deviation = terrain.centre + terrain.spread * mean, terrain.spread * deviation
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (1.7, 1)})
    plot_prediction(left, terrain, mean, deviation)
    plot_likelihood(right, result, reference, likelihood_map(result, x, y, options.grid), terrain.spread)
    figure.savefig(options.plot, dpi=150)
    misses = (terrain.heights - mean)[~terrain.measured]
    inside = np.mean(np.abs(misses) < 1.96 * deviation[~terrain.measured])
    length, error = np.exp(result.parameters[1]), result.errors[1]
    print(
        f"gaussian process: log marginal likelihood {result.likelihood:.6f}, scikit-learn's {sklearn_likelihood:.6f}; "
        f"length {length:.3f} ± {length * error:.3f} km; {inside:.0%} of the unseen heights lie in the 95 % band, "
        f"off by {np.sqrt(np.mean(misses**2)):.0f} m; fitted in {result.seconds:.2f} s on {options.backend}"
    )
    return result.likelihood, sklearn_likelihood


if __name__ == "__main__":
    main()
