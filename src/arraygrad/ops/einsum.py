"""`einsum`: sums of products by index notation, contracted in pairs by matrix products.

For three operands and more the order of pairs is that of opt_einsum (D. Smith and J. Gray, opt_einsum: A Python package
for optimizing contraction order for einsum-like expressions, 2018). Everything is composed, so that every derivative is.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite
from ..tensor import as_tensor
from .elementwise import multiply
from .linalg import diagonal
from .linear_algebra import matmul
from .manipulation import moveaxis, permute_dims, reshape
from .statistical import sum as sum_over

Shape = tuple[int, ...]
Labels = tuple[str, ...]
_FIRST_FREE = 0x100  # characters from here on stand for the axes of an ellipsis


def _symbols(sublist: Any) -> str:
    """A list of numbers and Ellipsis, from the interleaved form, as letters."""
    letters = [chr(ord("a") + each) if each is not Ellipsis and each < 26 else each for each in sublist]
    return "".join("..." if each is Ellipsis else each if isinstance(each, str) else chr(ord("A") + each - 26)
                   for each in letters)  # fmt: skip


def _plain(subscripts: Any, operands: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Subscripts as a string, and the operands; also from `einsum(x, [0, 1], y, [1, 2], [0, 2])`."""
    if isinstance(subscripts, str):
        return subscripts.replace(" ", ""), operands
    given = (subscripts, *operands)
    output = "->" + _symbols(given[-1]) if len(given) % 2 else ""
    pairs = given[:-1] if output else given
    if len(pairs) < 2 or not all(isinstance(each, (list, tuple)) for each in pairs[1::2]):
        raise ArgumentTypeError(
            f"einsum: subscripts: got {type(subscripts).__name__}; expected a string such as 'ij,jk->ik'"
        )
    return ",".join(map(_symbols, pairs[1::2])) + output, pairs[::2]


def _labels(subscripts: str, term: str, ndim: int, most: int) -> Labels:
    """The labels of the axes of one term, with one for each axis of its ellipsis: the last of `most` such labels."""
    before, ellipsis, after = term.partition("...")
    if before + after and not (before + after).isalpha():
        raise ArgumentError(f"einsum: {subscripts!r}: got the term {term!r}; expected letters, and '...' at most once")
    hidden = ndim - len(before) - len(after)
    if hidden < 0 or (hidden and not ellipsis):
        raise ArgumentError(
            f"einsum: {subscripts!r}: the term {term!r} has {len(before + after)} labels for an operand of {ndim} axes; "
            "expected a label an axis, or '...' for the rest"
        )
    return (*before, *(chr(_FIRST_FREE + each) for each in range(most - hidden, most)), *after)


def _outputs(subscripts: str, arrow: str, output: str, inputs: Sequence[Labels], most: int) -> Labels:
    """The labels of the result: as written, or those that occur once, in alphabetical order, after those of ellipses."""
    every = [label for labels in inputs for label in labels]
    if not arrow:
        hidden = [chr(_FIRST_FREE + each) for each in range(most)]
        return (*hidden, *sorted(label for label in set(every) - set(hidden) if every.count(label) == 1))
    shown = len(output.replace("...", ""))
    labels = _labels(subscripts, output, shown + (most if "..." in output else 0), most)
    for label in labels:
        if label not in every or labels.count(label) > 1:
            raise ArgumentError(
                f"einsum: {subscripts!r}: the label {label!r} of the output is "
                f"{'repeated' if label in every else 'in no operand'}; expected each once, from the operands"
            )
    return labels


@functools.lru_cache(maxsize=1024)
def _parse(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[tuple[Labels, ...], Labels, dict[str, int]]:
    """The labels of each operand and of the result, and the length of each."""
    left, arrow, output = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ArgumentError(f"einsum: {subscripts!r}: got {len(shapes)} operands for {len(terms)} terms; expected as many")
    hidden = [len(shape) - len(term.replace("...", "")) for term, shape in zip(terms, shapes, strict=True) if "..." in term]
    most = max(hidden, default=0)
    inputs = tuple(_labels(subscripts, term, len(shape), most) for term, shape in zip(terms, shapes, strict=True))
    lengths: dict[str, int] = {}
    for labels, shape in zip(inputs, shapes, strict=True):
        for label, length in zip(labels, shape, strict=True):
            known = lengths.setdefault(label, length)
            if known != length and 1 not in (known, length):
                raise ArgumentError(
                    f"einsum: {subscripts!r}: got lengths {known} and {length} for the label {label!r} in operands of "
                    f"shapes {', '.join(map(str, shapes))}; expected one length, or 1"
                )
            lengths[label] = length if known == 1 else known
    return inputs, _outputs(subscripts, arrow, output, inputs, most), lengths


def _prepared(x: Tensor, labels: Labels, lengths: dict[str, int]) -> tuple[Tensor, Labels]:
    """An operand without axes that are only broadcast, and with the diagonal of axes that share a label."""
    shape = x.shape
    kept = [axis for axis, label in enumerate(labels) if shape[axis] != 1 or lengths[label] == 1]
    if len(kept) < len(labels):
        x, labels = reshape(x, tuple(shape[axis] for axis in kept)), tuple(labels[axis] for axis in kept)
    while len(set(labels)) < len(labels):
        label = next(label for label in labels if labels.count(label) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        x = diagonal(moveaxis(x, (first, second), (-2, -1)))
        labels = (*labels[:first], *labels[first + 1 : second], *labels[second + 1 :], label)
    return x, labels


def _summed(x: Tensor, labels: Labels, kept: Sequence[str] | set[str]) -> tuple[Tensor, Labels]:
    """Summed over the axes whose labels are not kept."""
    axes = tuple(axis for axis, label in enumerate(labels) if label not in kept)
    if not axes:
        return x, labels
    return sum_over(x, axis=axes, dtype=x.dtype), tuple(label for label in labels if label in kept)


def _arranged(x: Tensor, labels: Labels, wanted: Sequence[str]) -> Tensor:
    """With the axes in the order of the wanted labels."""
    order = tuple(labels.index(label) for label in wanted)
    return x if order == tuple(range(len(order))) else permute_dims(x, order)


def _broadcast(x: Tensor, labels: Labels, wanted: Sequence[str]) -> Tensor:
    """With the axes in the order of the wanted labels, and length 1 for those that it lacks."""
    x = _arranged(x, labels, [label for label in wanted if label in labels])
    lengths = iter(x.shape)
    shape = tuple(next(lengths) if label in labels else 1 for label in wanted)
    return x if shape == x.shape else reshape(x, shape)


def _pair(x: Tensor, x_labels: Labels, y: Tensor, y_labels: Labels, kept: set[str]) -> tuple[Tensor, Labels]:
    """The contraction of two operands over labels that are not kept."""
    x, x_labels = _summed(x, x_labels, kept.union(y_labels))
    y, y_labels = _summed(y, y_labels, kept.union(x_labels))
    batch = [label for label in x_labels if label in y_labels and label in kept]
    inner = [label for label in x_labels if label not in kept]
    free_x = [label for label in x_labels if label not in y_labels]
    free_y = [label for label in y_labels if label not in x_labels]
    wanted = (*batch, *free_x, *free_y)
    if not inner or (batch and not free_x and not free_y):
        whole = (*wanted, *inner)
        product = multiply(_broadcast(x, x_labels, whole), _broadcast(y, y_labels, whole))
        return _summed(product, whole, wanted)
    x, y = _arranged(x, x_labels, [*batch, *free_x, *inner]), _arranged(y, y_labels, [*batch, *inner, *free_y])
    many, rows = x.shape[: len(batch)], x.shape[len(batch) : len(batch) + len(free_x)]
    columns = y.shape[len(batch) + len(inner) :]
    summed = math.prod(x.shape[len(batch) + len(free_x) :])
    left = (*many, *((math.prod(rows),) if rows or batch else ()), summed)
    right = (*many, summed, *((math.prod(columns),) if columns or batch else ()))
    product = matmul(x if x.shape == left else reshape(x, left), y if y.shape == right else reshape(y, right))
    shape = (*many, *rows, *columns)
    return product if product.shape == shape else reshape(product, shape), wanted


@functools.lru_cache(maxsize=1024)
def _path(
    inputs: tuple[Labels, ...], output: Labels, shapes: tuple[Shape, ...], optimize: Any
) -> tuple[tuple[int, ...], ...]:
    """Which operands to contract in turn, each time putting the result behind the rest."""
    if len(inputs) < 3 or optimize is False:
        return (tuple(range(len(inputs))),)
    import opt_einsum  # here, since few programs need it

    subscripts = ",".join(map("".join, inputs)) + "->" + "".join(output)
    try:
        return tuple(opt_einsum.contract_path(subscripts, *shapes, shapes=True, optimize=optimize)[0])
    except (KeyError, IndexError, ValueError) as error:
        raise ArgumentError(
            f"einsum: optimize: got {optimize!r} for {len(shapes)} operands; expected a strategy or a path of opt_einsum"
        ) from error


def _strategy(optimize: Any) -> Any:
    """What opt_einsum is told of the order: a strategy, or pairs of positions, as `numpy.einsum_path` has them."""
    if isinstance(optimize, (bool, str)):
        return "auto" if optimize is True else optimize
    if isinstance(optimize, (list, tuple)):
        return tuple(tuple(step) for step in optimize if step != "einsum_path")
    raise ArgumentTypeError(
        f"einsum: optimize: got {optimize!r}; expected True, False, the name of a strategy, or pairs of positions"
    )


@composite
def einsum(subscripts: Any, /, *operands: Array, optimize: Any = True) -> Tensor:
    """The sum of products of the operands that `subscripts` says, as NumPy's `einsum`: "ij,jk->ik", "...ii->...i".

    Labels left out of the output are summed over; a label repeated in a term takes the diagonal; without "->" the output
    has the labels that occur once, in alphabetical order. Axes of length 1 broadcast. `optimize`: in which order three
    operands and more are contracted: True for the cheapest, False for that in which they are given, or as opt_einsum has it.
    """
    subscripts, operands = _plain(subscripts, operands)
    if not operands:
        raise ArgumentError(f"einsum: {subscripts!r}: got no operands; expected at least one Tensor or array")
    tensors = [as_tensor(operand) for operand in operands]
    inputs, output, lengths = _parse(subscripts, tuple(tensor.shape for tensor in tensors))
    parts = [_prepared(tensor, labels, lengths) for tensor, labels in zip(tensors, inputs, strict=True)]
    shapes = tuple(tensor.shape for tensor, _ in parts)
    path = _path(tuple(labels for _, labels in parts), output, shapes, _strategy(optimize))
    for step in path:
        chosen = [parts[position] for position in sorted(step)]
        parts = [part for position, part in enumerate(parts) if position not in step]
        while len(chosen) > 1:
            kept = {*output, *(label for _, labels in parts + chosen[2:] for label in labels)}
            chosen[:2] = [_pair(*chosen[0], *chosen[1], kept)]
        parts.append(chosen[0])
    result, labels = _summed(*parts[0], output)
    return _arranged(result, labels, output)
