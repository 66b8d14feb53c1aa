"""Recognise handwritten digits: a network of two hidden layers, trained in mini-batches with Adam.

    python examples/digits.py --backend numpy --epochs 40 --plot digits.png

The data are scikit-learn's 1,797 images of 8 x 8 pixels. A quarter of them is kept back for the test.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import arraygrad as ag


class Data(NamedTuple):
    """Images as rows of numbers from 0 to 1, and the digits that they show."""

    images: ag.Tensor
    labels: ag.Tensor


class Network:
    """Layers of weights and biases with a rectifier between them."""

    def __init__(self, widths: Sequence[int]) -> None:
        pairs = itertools.pairwise(widths)
        self.weights = [(ag.randn(m, n) * math.sqrt(2 / m)).requires_grad_() for m, n in pairs]
        self.biases = [ag.zeros(n, requires_grad=True) for n in widths[1:]]

    @property
    def parameters(self) -> list[ag.Tensor]:
        """All that is trained."""
        return self.weights + self.biases

    def __call__(self, x: ag.Tensor) -> ag.Tensor:
        """Ten scores for each image; the highest names the digit."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            x = ag.relu(x @ weight + bias)
        return x @ last[0] + last[1]


class Adam:
    """Gradient descent in steps of one size, whatever the size of the gradient (Kingma and Ba, 2014)."""

    def __init__(self, parameters: list[ag.Tensor], rate: float, decay: tuple[float, float] = (0.9, 0.999)) -> None:
        self.parameters, self.rate, self.decay, self.steps = parameters, rate, decay, 0
        self.means = [ag.zeros_like(p) for p in parameters]
        self.squares = [ag.zeros_like(p) for p in parameters]

    @ag.no_grad()
    def step(self) -> None:
        """Move the parameters against their gradients, and clear those."""
        self.steps += 1
        first, second = self.decay
        rate = self.rate * math.sqrt(1 - second**self.steps) / (1 - first**self.steps)
        for p, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
            mean += (1 - first) * (p.grad - mean)
            square += (1 - second) * (p.grad * p.grad - square)
            p -= rate * mean / (ag.sqrt(square) + 1e-8)
            p.grad = None


def cross_entropy(scores: ag.Tensor, labels: ag.Tensor) -> ag.Tensor:
    """Mean of minus the logarithm of the probability that the scores give to the true digit."""
    of_label = ag.take_along_axis(ag.log_softmax(scores, axis=1), ag.expand_dims(labels, axis=1), axis=1)
    return -of_label.mean()


def load(seed: int, backend: str) -> tuple[Data, Data]:
    """The images for training and those for the test, in the backend's own arrays."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=seed, stratify=labels)
    train_images, test_images = (ag.asarray(part, dtype=ag.float32, backend=backend) for part in parts[:2])
    train_labels, test_labels = (ag.asarray(part, dtype=ag.int64, backend=backend) for part in parts[2:])
    return Data(train_images, train_labels), Data(test_images, test_labels)


@ag.no_grad()
def evaluate(network: Network, data: Data) -> tuple[float, float]:
    """Loss and accuracy."""
    scores = network(data.images)
    right = ag.argmax(scores, axis=1) == data.labels
    return float(cross_entropy(scores, data.labels)), float(right.astype(ag.float32).mean())


def train(network: Network, train_data: Data, test_data: Data, options: argparse.Namespace) -> list[tuple[float, ...]]:
    """Train, and give for each epoch the loss and accuracy in training and in the test."""
    optimizer = Adam(network.parameters, options.rate)
    shuffle = np.random.default_rng(options.seed)
    history = []
    for epoch in (bar := tqdm(range(options.epochs), desc="training", unit="epoch")):
        optimizer.rate = options.rate * (1 + math.cos(math.pi * epoch / options.epochs)) / 2
        order = shuffle.permutation(len(train_data.images))
        for start in range(0, len(order), options.batch):
            chosen = ag.asarray(order[start : start + options.batch], backend=options.backend)
            images = train_data.images[chosen]
            noisy = images + options.noise * ag.randn_like(images)
            loss = cross_entropy(network(noisy), train_data.labels[chosen])
            loss.backward()
            optimizer.step()
        history.append((*evaluate(network, train_data), *evaluate(network, test_data)))
        bar.set_postfix(loss=f"{history[-1][0]:.4f}", test=f"{history[-1][3]:.1%}")
    return history


def plot(history: list[tuple[float, ...]], network: Network, data: Data, file: str) -> None:
    """Draw loss and accuracy by epoch, and the images that the network got wrong."""
    losses, accuracies, test_losses, test_accuracies = zip(*history, strict=True)
    epochs = range(1, len(history) + 1)
    figure = Figure(figsize=(12, 4), layout="constrained")
    curves, images = figure.subfigures(1, 2, width_ratios=(2.1, 1))
    left, right = curves.subplots(1, 2)
    for axes, training, test, name in (
        (left, losses, test_losses, "cross entropy"),
        (right, np.multiply(100, accuracies), np.multiply(100, test_accuracies), "accuracy in %"),
    ):
        axes.plot(epochs, training, color="tab:blue", label="training")
        axes.plot(epochs, test, color="tab:orange", label="test")
        axes.set(xlabel="epoch", title=name)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_yscale("log")
    right.set_ylim(max(80, 100 * min(test_accuracies) - 1), 100.3)
    right.axhline(100 * test_accuracies[-1], color="tab:orange", linestyle=":", linewidth=1)
    left.legend(frameon=False)
    plot_mistakes(images, network, data)
    figure.savefig(file, dpi=150)


def plot_mistakes(figure: Any, network: Network, data: Data) -> None:
    """Draw test images with the digit that was seen in them and the one they show."""
    with ag.no_grad():
        seen = ag.argmax(network(data.images), axis=1).numpy()
    labels, images = data.labels.numpy(), data.images.numpy()
    wrong = np.flatnonzero(seen != labels)
    figure.suptitle(f"{len(wrong)} mistakes in {len(labels)}: seen (true)", fontsize="medium")
    side = min(4, max(1, math.ceil(math.sqrt(len(wrong)))))
    for axes, index in itertools.zip_longest(figure.subplots(side, side, squeeze=False).flat, wrong[: side * side]):
        axes.axis("off")
        if index is not None:
            axes.imshow(images[index].reshape(8, 8), cmap="gray_r")
            axes.set_title(f"{seen[index]} ({labels[index]})", fontsize="small")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="numpy", help="array library, e.g. array_api_strict (default: numpy)")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the weights and the batches (default: 0)")
    parser.add_argument("--epochs", type=int, default=40, help="passes through the training images (default: 40)")
    parser.add_argument("--batch", type=int, default=64, help="images in a step (default: 64)")
    parser.add_argument("--rate", type=float, default=3e-3, help="first step size, which falls to 0 (default: 0.003)")
    parser.add_argument("--noise", type=float, default=0.2, help="added to the pixels in training (default: 0.2)")
    parser.add_argument("--plot", default="digits.png", metavar="FILE", help="image to save (default: digits.png)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> float:
    """Train, print and plot; the accuracy in the test is returned."""
    options = parse(argv)
    with ag.use_backend(options.backend):
        ag.manual_seed(options.seed)
        train_data, test_data = load(options.seed, options.backend)
        network = Network((64, 256, 128, 10))
        start = time.perf_counter()
        history = train(network, train_data, test_data, options)
        seconds = time.perf_counter() - start
        plot(history, network, test_data, options.plot)
    accuracy = history[-1][3]
    print(f"digits: test accuracy {accuracy:.2%} after {options.epochs} epochs in {seconds:.1f} s on {options.backend}")
    return accuracy


if __name__ == "__main__":
    main()
