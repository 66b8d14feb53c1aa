"""What is said of wrong calls: the operation, the argument, what came, what was expected."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.errors import ArgumentError, ArgumentTypeError, GradientError, IndexingError
from arraygrad.kinds import composites

MATRIX = ag.ones(2, 3, requires_grad=True)
VECTOR = ag.ones(2, requires_grad=True)

WRONG = {
    "inv of a rectangle": (lambda: ag.linalg.inv(MATRIX), ArgumentError, r"linalg.inv\(x: shape \(2, 3\)"),
    "a singular system": (lambda: ag.linalg.solve(ag.zeros(2, 2), VECTOR), ArgumentError, r"linalg.solve\(x1: shape"),
    "not positive": (lambda: ag.linalg.cholesky(-ag.eye(2)), ArgumentError, r"linalg.cholesky\(x: shape"),
    "a string": (lambda: ag.sin("a"), ArgumentTypeError, "sin: got 'a'"),
    "a list": (lambda: ag.clip(VECTOR, [0.0], 1), ArgumentTypeError, "clip: got .*expected a Tensor"),
    "an approximation": (lambda: ag.gelu(VECTOR, approximate="x"), ArgumentError, "gelu: approximate: got .x.; expected"),
    "no axis to sort": (lambda: ag.sort(MATRIX, axis=None), ArgumentTypeError, "sort: axis: got None; expected an integer"),
    "no axis to take from": (lambda: ag.take(MATRIX, ag.tensor([0])), ArgumentError, r"take\(x: shape \(2, 3\).*got None"),
    "an axis of a number": (lambda: ag.take(ag.tensor(1.0), ag.tensor([0]), axis=0), ArgumentError, "take.*0 for 0 axes"),
    "no triangle": (lambda: ag.linalg.solve_triangular(VECTOR, VECTOR), ArgumentError, r"x1: shape \(2,\).*expected square"),
    "no rows": (lambda: ag.linalg.solve_triangular(ag.eye(2), ag.ones(3)), ArgumentError, "solve_triangular.*as many rows"),
    "an outer product": (lambda: ag.linalg.outer(MATRIX, MATRIX), ArgumentError, "linalg.outer.*one-dimensional"),
    "vectors in a plane": (lambda: ag.linalg.cross(VECTOR, VECTOR), ArgumentError, r"linalg.cross\(x1: shape \(2,\)"),
    "a broken power": (lambda: ag.linalg.matrix_power(ag.eye(2), 1.5), ArgumentTypeError, "matrix_power: n: got 1.5"),
    "an axis too far": (lambda: ag.logcumsumexp(VECTOR, axis=4), IndexingError, "logcumsumexp: axis: got 4"),
    "exchanged axes": (lambda: VECTOR.transpose(0, 1), IndexingError, "transpose: axis: got 1 for an array of 1 axes"),
    "no size": (lambda: ag.ones("a"), ArgumentTypeError, "size: got .*expected integers"),
    "half a size": (lambda: ag.randn(2.5), ArgumentTypeError, "size: got .*expected integers"),
    "no step": (lambda: ag.arange(0, 1, 0), ArgumentError, "arange: step: got 0"),
    "no integers": (lambda: ag.randint(5, 1, (2,)), ArgumentError, "randint: got low=5 and high=1"),
    "no DLPack": (lambda: ag.numpy.from_dlpack(3), ArgumentTypeError, "from_dlpack: x: got int"),
    "primals": (lambda: ag.func.jvp(ag.sin, VECTOR, VECTOR), ArgumentTypeError, "jvp: primals: got Tensor"),
    "a written index": (lambda: (VECTOR * 1).__setitem__(5, 1.0), IndexingError, r"setitem\(x: shape \(2,\), key=5"),
    "written values": (lambda: (VECTOR * 1).__setitem__(0, ag.ones(3)), ArgumentError, r"setitem\(.*value: shape \(3,\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_says_what_is_wrong(name):
    import arraygrad.numpy  # noqa: F401

    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        call()


def test_errors_of_a_librarys_own_class_are_of_that_class_too():
    for call in (lambda: ag.linalg.inv(MATRIX), lambda: ag.linalg.svd(ag.full((2, 2), np.nan, dtype=ag.float64))):
        with pytest.raises(np.linalg.LinAlgError) as caught:
            call()
        assert isinstance(caught.value, ArgumentError)


def test_options_that_are_numbers_are_not_silently_detached():
    correction = ag.tensor(0.5, requires_grad=True)
    for call in (
        lambda c: ag.var(VECTOR, correction=c), lambda c: ag.std(VECTOR, correction=c),
        lambda c: ag.linalg.vector_norm(VECTOR, ord=c),
    ):  # fmt: skip
        with pytest.raises(GradientError, match=r"(correction|ord): got a tensor that requires a gradient .*detach\(\)"):
            call(correction)
        with pytest.raises(GradientError, match="carries a tangent"):
            ag.func.jvp(call, (ag.tensor(0.5),), (ag.tensor(1.0),))
        assert call(correction.detach()).item() == pytest.approx(call(0.5).item())


def test_a_power_of_zero_is_the_identity_whatever_the_matrix():
    x = ag.full((2, 2), np.inf, dtype=ag.float64, requires_grad=True)
    power = ag.linalg.matrix_power(x, 0)
    assert power.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    power.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


OTHERS: dict[str, Any] = {
    "axis": 0, "backend": "numpy", "c_and_lower": (MATRIX, True), "dtype": "float32", "fill_value": 1.0, "index": VECTOR,
    "key": 0, "n": 2, "pad_width": 1, "q": 0.5, "shape": (2, 2), "subscripts": "i",
}  # fmt: skip
"""Arguments of composed functions beside the wrong ones."""


def wrong_calls() -> dict[str, tuple[str, list[Any]]]:
    """For each composed function of arrays how it calls its first array, and arguments with a Thing in place of it."""
    found = {}
    for name, function in composites.items():
        arguments, wrong = [], None
        for parameter in inspect.signature(function).parameters.values():
            several = parameter.kind is parameter.VAR_POSITIONAL
            if wrong is None and "Array" in str(parameter.annotation):
                arguments.append(Thing())
                wrong = f"{parameter.name}[0]" if several else parameter.name
            elif parameter.default is parameter.empty and not several:
                arguments.append(OTHERS.get(parameter.name, VECTOR))
        if wrong is not None:
            found[name] = wrong, arguments
    return found


class Thing:
    """Nothing that functions of arrays take."""

    def __repr__(self) -> str:
        return "a Thing"


@pytest.mark.parametrize("name", wrong_calls())
def test_a_composed_function_names_itself_and_what_it_was_given(name):
    wrong, arguments = wrong_calls()[name]
    with pytest.raises(ArgumentTypeError, match=rf"^{re.escape(name)}[(:].*{re.escape(wrong)}.*Thing"):
        composites[name](*arguments)


def test_errors_inside_composed_functions_keep_their_class_and_say_all_arguments():
    said = r"^dot\(x1: shape \(2, 3\) float32, x2: shape \(2, 3\) float32\): matmul\("
    with pytest.raises(ArgumentError, match=said):
        ag.dot(MATRIX, MATRIX)
    with pytest.raises(np.linalg.LinAlgError, match=r"^linalg.logdet\(x: shape \(3,\) float32\): linalg.slogdet\("):
        ag.linalg.logdet(ag.ones(3))
    with pytest.raises(ArgumentTypeError, match=r"^diff\(x: shape \(2,\) float32, axis=None\): "):
        ag.diff(VECTOR, axis=None)
    with pytest.raises(TypeError, match=r"^einsum\(\) got an unexpected keyword argument 'order'"):
        ag.einsum("i->", VECTOR, order="C")


def test_an_error_of_a_class_that_a_library_gives_a_name_to_keeps_it_and_says_the_operation():
    jax = pytest.importorskip("jax")

    def distinct(x):
        return ag.unique_values(ag.asarray(x)).array

    with pytest.raises(jax.errors.ConcretizationTypeError) as caught:
        jax.jit(distinct)(jax.numpy.ones(3))
    assert any(note.startswith("raised in unique_values(x: shape (3,) float") for note in caught.value.__notes__)


DEFECTIVE = ag.tensor([[0.0, 1.0], [0.0, 0.0]], requires_grad=True)
PASSES = {
    "reverse": lambda f, x: ag.autograd.grad(f(x), x),
    "reverse, to be differentiated": lambda f, x: ag.autograd.grad(f(x), x, create_graph=True),
    "forward": lambda f, x: ag.func.jvp(f, (x.detach(),), (ag.ones_like(x),)),
    "a transform": lambda f, x: ag.func.grad(f)(x),
}


@pytest.mark.parametrize("name", PASSES)
def test_what_a_library_raises_inside_a_derivative_says_whose_derivative_that_is(name):
    def values(x):
        return ag.real(ag.linalg.eig(x).eigenvalues).sum()

    said = r"^derivative of linalg.eig\(.*x: shape \(2, 2\) float32.*Singular"
    with pytest.raises(np.linalg.LinAlgError, match=said) as caught:
        PASSES[name](values, DEFECTIVE)
    assert isinstance(caught.value, ArgumentError)


def test_an_error_in_a_hook_is_left_as_it_is():
    class OfAHook(Exception):
        pass

    def raising(g):
        raise OfAHook("mine")

    y = ag.exp(VECTOR)
    y.register_hook(raising)
    with pytest.raises(OfAHook, match="mine") as caught:
        y.sum().backward()
    assert not hasattr(caught.value, "__notes__")


def test_under_anomaly_detection_a_failing_derivative_says_where_the_operation_was_called():
    with ag.autograd.detect_anomaly(), pytest.raises(ArgumentError, match="derivative") as caught:
        ag.autograd.grad(ag.real(ag.linalg.eig(DEFECTIVE).eigenvalues).sum(), DEFECTIVE)
    assert "ag.linalg.eig(DEFECTIVE)" in "".join(caught.value.__notes__)


ORDERED = {
    "relu": ag.relu, "max": ag.max, "min": ag.min, "sort": ag.sort, "argsort": ag.argsort, "argmax": ag.argmax,
    "argmin": ag.argmin, "nanmax": ag.nanmax, "nanmin": ag.nanmin, "softmax": ag.softmax, "log_softmax": ag.log_softmax,
    "maximum": lambda z: ag.maximum(1.0, z), "minimum": lambda z: ag.minimum(ag.real(z), z),
    "clip": lambda z: ag.clip(ag.abs(z), max=z), "cummax": ag.cummax, "median": ag.median,
    "searchsorted": lambda z: ag.searchsorted(ag.real(z), z),
}  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict", "torch", "jax"])
@pytest.mark.parametrize("name", ORDERED)
def test_complex_numbers_have_no_order(name, backend):
    pytest.importorskip(backend)
    z = ag.tensor([1j, 2.0]).to_backend(backend)
    for value in (z, z.clone().requires_grad_()):
        with pytest.raises(ArgumentTypeError, match=rf"{name}.*complex64\): expected real numbers.*no order"):
            ORDERED[name](value)


def test_a_complex_number_of_python_has_no_order_either():
    with pytest.raises(ArgumentTypeError, match=r"^maximum\(x2=1j\): expected real numbers"):
        ag.maximum(VECTOR, 1j)


NO_NUMBERS = {
    "strings": np.array(["a", "b"]), "bytes": np.array([b"a", b"b"]), "objects": np.array([1, None], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"), "records": np.zeros(2, dtype=[("a", "f4")]),
    "strings of any length": np.array(["a", "b"], dtype=np.dtypes.StringDType()),
    "long doubles": np.zeros(2, dtype=np.longdouble),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_arrays_of_what_arraygrad_has_no_dtype_for_are_refused_where_tensors_are_made_of_them(name):
    array = NO_NUMBERS[name]
    if array.dtype == np.float64:
        pytest.skip("long doubles are doubles here")
    ag.reshape(np.ones(2), (-1,))  # the operation has met NumPy's arrays
    makers = (
        ag.tensor, ag.asarray, ag.from_numpy, ag.numpy.asarray, lambda x: ag.asarray([x, x]),
        lambda x: ag.reshape(x, (-1,)), lambda x: ag.broadcast_to(x, (2, 2)), ag.zeros_like, ag.clone, ag.sin,
        ag.func.grad(ag.sum),
    )  # fmt: skip
    for make in makers:
        with pytest.raises(ArgumentTypeError, match="got"):
            make(array)


def test_adding_at_an_index_keeps_the_dtype_on_every_backend():
    for backend in ("numpy", "array_api_strict", "torch", "jax"):
        pytest.importorskip(backend)
        x = ag.tensor([1, 2, 3]).to_backend(backend)
        floats = ag.tensor([1.5, 2.5]).to_backend(backend)
        at = ag.tensor([0, 2]).to_backend(backend)
        for key in (slice(0, 2), at):
            for write in (ag.index_add, ag.index_set):
                with pytest.raises(ArgumentTypeError, match=r"values: got dtype float32; expected int\d\d"):
                    write(x, floats, key=key)
                written = write(floats, x[:2], key=key) if key is not at else write(floats, x[:2], key=at // 2)
                assert written.dtype == ag.float32
