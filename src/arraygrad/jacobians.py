"""Whole derivatives, row by row in reverse mode or column by column in forward mode."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from .backends import device_of
from .call import bare
from .ops.manipulation import moveaxis, reshape, stack
from .structure import flatten, rebuild
from .tensor import Tensor, new_tensor
from .transforms import Argnums, Function, call, jvp, of_arguments, selected, to_tensor, vjp, zeros_of


def _basis(tensor: Tensor) -> Iterator[Tensor]:
    """One-hot arrays in the shape of a tensor, one for each element."""
    xp, backend = tensor.backend.xp, tensor.backend
    like = bare(tensor)
    size = tensor.size or 0
    identity = xp.eye(size, dtype=like.dtype, device=device_of(like))
    for index in range(size):
        yield new_tensor(backend.wrap(xp.reshape(identity[index, ...], tensor.shape)))


def jacrev(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """The Jacobian of f by reverse mode, one pass for each element of the output.

    The shape is that of the output, then that of the input; for tuples of `argnums` a tuple of such.
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        of_chosen = of_arguments(f, args, kwargs, chosen)
        value, pull, *aux = vjp(of_chosen, *(args[number] for number in chosen), has_aux=has_aux)
        outputs, out_structure = flatten(value)
        jacobians = []
        for position, output in enumerate(outputs):
            zeros = [zeros_of(other) for other in outputs]
            rows = []
            for cotangent in _basis(output):
                cotangents = [*zeros[:position], cotangent, *zeros[position + 1 :]]
                rows.append(pull(rebuild(out_structure, cotangents)))
            jacobians.append(_assemble(rows, output, [args[number] for number in chosen], isinstance(argnums, int)))
        result = rebuild(out_structure, jacobians)
        return (result, aux[0]) if has_aux else result

    return wrapped


def _assemble(rows: list[Any], output: Tensor, arguments: list[Any], single: bool) -> Any:
    """Rows of gradients as Jacobians of shape output + input, in the structure of the arguments."""
    leaves, structure = flatten(tuple(arguments))
    flat = [flatten(row)[0] for row in rows]
    columns = [
        reshape(stack([row[index] for row in flat]), (*output.shape, *to_tensor(leaf).shape))
        if flat
        else new_tensor(output.backend.xp.zeros((*output.shape, *to_tensor(leaf).shape), dtype=bare(output).dtype))
        for index, leaf in enumerate(leaves)
    ]
    result = rebuild(structure, columns)
    return result[0] if single else result


def jacfwd(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """The Jacobian of f by forward mode, one pass for each element of the input.

    The shape is that of the output, then that of the input; for tuples of `argnums` a tuple of such.
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        of_chosen = of_arguments(f, args, kwargs, chosen)
        primals = tuple(args[number] for number in chosen)
        leaves, structure = flatten(primals)
        tensors = [to_tensor(leaf) for leaf in leaves]
        zeros = [zeros_of(tensor) for tensor in tensors]
        aux: list[Any] = []
        columns: list[Any] = []
        for position, tensor in enumerate(tensors):
            pushed = []
            for tangent in _basis(tensor):
                tangents = rebuild(structure, [*zeros[:position], tangent, *zeros[position + 1 :]])
                value, column, *aux = jvp(of_chosen, rebuild(structure, tensors), tangents, has_aux=has_aux)
                pushed.append(column)
            if not pushed:
                value, *aux = call(of_chosen, tensors, {}, has_aux)
            columns.append(_columns(pushed, value, tensor))
        result = _transpose(columns, structure, isinstance(argnums, int))
        return (result, aux[0]) if has_aux else result

    return wrapped


def _columns(pushed: list[Any], value: Any, tensor: Tensor) -> Any:
    """Tangents of the output, one for each element of an input, as Jacobians of shape output + input."""
    outputs, structure = flatten(value)
    flat = [flatten(column)[0] for column in pushed]
    made = [
        reshape(moveaxis(stack([column[index] for column in flat]), 0, -1), (*output.shape, *tensor.shape))
        if flat
        else new_tensor(output.backend.xp.zeros((*output.shape, *tensor.shape), dtype=bare(output).dtype))
        for index, output in enumerate(outputs)
    ]
    return rebuild(structure, made)


def _transpose(columns: list[Any], structure: Any, single: bool) -> Any:
    """From one structure of outputs for each input to one structure of inputs for each output."""
    flat = [flatten(column) for column in columns]
    out_structure = flat[0][1]
    result = []
    for index in range(len(flat[0][0])):
        of_inputs = rebuild(structure, [leaves[index] for leaves, _ in flat])
        result.append(of_inputs[0] if single else of_inputs)
    return rebuild(out_structure, result)


def hessian(f: Function, argnums: Argnums = 0) -> Function:
    """The Hessian of f, which returns a scalar.

    Reverse over reverse: f is called once, and each row is a walk over the graph of its gradient. Forward over reverse,
    `jacfwd(jacrev(f))`, gives the same and needs less memory; it calls f once for each element of its argument.
    """
    return jacrev(jacrev(f, argnums), argnums)
