"""The namespaces `arraygrad.<backend>`: what a library written to the array API standard finds there.

The standard's own suite says whether they conform (`conformance/run_suite.py`). Here is what it looks like.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.errors import ArgumentError, ArgumentTypeError, ExportError, IndexingError
from arraygrad.standard import CHAPTERS, EXTENSIONS, SIGNATURES


@pytest.fixture(params=["numpy", "array_api_strict"])
def xp(request: pytest.FixtureRequest) -> Any:
    """The namespace over NumPy, and that over a library which allows nothing beyond the standard."""
    pytest.importorskip(request.param)
    return importlib.import_module(f"arraygrad.{request.param}")


# -- the module ---------------------------------------------------------------------------------------------


def test_a_namespace_is_a_module_that_can_be_imported() -> None:
    import arraygrad.numpy as xp

    assert xp.__name__ == "arraygrad.numpy"
    assert xp.sum(xp.asarray([1.0, 2.0])) == 3.0


def test_a_tensor_knows_its_namespace(xp: Any) -> None:
    assert xp.ones(2).__array_namespace__() is xp
    assert xp.ones(2).__array_namespace__(api_version="2025.12") is xp
    with pytest.raises(ArgumentError, match="1999"):
        xp.ones(2).__array_namespace__(api_version="1999.12")


def test_a_namespace_is_hashable_and_survives_pickling_and_copying(xp: Any) -> None:
    assert {xp: 1}[xp] == 1
    assert pickle.loads(pickle.dumps(xp)) is xp
    assert copy.deepcopy(xp) is xp


def test_the_constants_are_there(xp: Any) -> None:
    for module in (xp, ag):
        assert (module.e, module.pi, module.inf) == (np.e, np.pi, np.inf)
        assert np.isnan(module.nan)
        assert module.ones(2)[module.newaxis].shape == (1, 2)


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_function_of_the_standard_is_there_with_its_signature(xp: Any, name: str) -> None:
    chapter, _, bare = name.rpartition(".")
    function = getattr(getattr(xp, chapter) if chapter in EXTENSIONS else xp, bare)
    parameters = inspect.signature(function).parameters.values()
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    assert str(inspect.Signature(plain)) == SIGNATURES[name]
    assert function.__doc__


METHODS = {name: signature for name, signature in CHAPTERS["array_object"].items() if name != "__init__"}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_the_standard_is_there_with_its_signature(name: str) -> None:
    member = getattr(ag.Tensor, name)
    if METHODS[name] == "property":
        assert isinstance(member, property)
        return
    _, *parameters = inspect.signature(member).parameters.values()
    names = [  # that of an operand is not for callers to write, so operators have the functions' own
        "other" if p.name == "x2" and p.kind is inspect.Parameter.POSITIONAL_ONLY else p.name for p in parameters
    ]
    plain = [p.replace(name=name, annotation=inspect.Parameter.empty) for p, name in zip(parameters, names, strict=True)]
    assert str(inspect.Signature(plain)) == METHODS[name]


def test_the_info_object_tells_what_the_backend_can_do(xp: Any) -> None:
    info = xp.__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert isinstance(info.devices(), tuple)
    assert info.default_device() in info.devices()
    assert info.default_dtypes()["indexing"] is ag.int64
    assert set(info.dtypes(kind=("bool", "complex floating"))) == {"bool", "complex64", "complex128"}
    assert info.dtypes(kind="real floating") == {"float32": ag.float32, "float64": ag.float64}


def test_data_types_of_a_device_are_those_that_it_has() -> None:
    strict = pytest.importorskip("array_api_strict")
    info = importlib.import_module("arraygrad.array_api_strict").__array_namespace_info__()
    assert "float64" not in info.dtypes(device=strict.Device("no_float64"))


# -- data types -----------------------------------------------------------------------------------------------


def test_data_types_are_the_same_on_every_backend(xp: Any) -> None:
    assert xp.float32 is ag.float32
    assert xp.ones(2, dtype=xp.float32).dtype is ag.float32


def test_a_library_s_own_data_type_or_a_name_serves_as_well(xp: Any) -> None:
    assert xp.astype(xp.ones(2), np.float32).dtype == "float32"
    assert xp.ones(2, dtype="int8").dtype is xp.int8


def test_promotion(xp: Any) -> None:
    assert xp.result_type(xp.int8, xp.uint8) is xp.int16
    assert xp.result_type(xp.float32, 1j) is xp.complex64
    assert xp.result_type(xp.ones(2, dtype=xp.float32), 1.0) is xp.float32
    assert xp.can_cast(xp.int8, xp.int16)
    assert not xp.can_cast(xp.ones(2, dtype=xp.float64), xp.float32)


def test_finfo_and_iinfo_hold_python_numbers(xp: Any) -> None:
    limits = xp.finfo(xp.ones(2, dtype=xp.complex64))
    assert limits.dtype is xp.float32
    assert (limits.bits, limits.eps, type(limits.max)) == (32, 2.0**-23, float)
    assert xp.iinfo(xp.uint8).max == 255
    with pytest.raises(AttributeError):
        limits.bits = 64


# -- arrays that stay tensors -----------------------------------------------------------------------------------


def test_reductions_and_elements_are_tensors_without_axes(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    for value in (xp.sum(x), x[0], xp.max(x), xp.linalg.vector_norm(x), xp.searchsorted(x, 1.5)):
        assert isinstance(value, ag.Tensor)
        assert value.shape == ()


def test_python_numbers_stand_on_either_side_of_functions_and_operators(xp: Any) -> None:
    x = xp.asarray([1.0, 4.0], dtype=xp.float32)
    for value in (xp.add(1, x), xp.pow(2.0, x), 1 - x, 2 // x, xp.where(x > 2, 0.0, x), xp.clip(x, 0, 2)):
        assert value.dtype is xp.float32
    assert (x + 1j).dtype is xp.complex64


def test_numpy_s_scalars_are_numbers_too(xp: Any) -> None:
    x = xp.asarray([1.0, 4.0], dtype=xp.float64)
    for value in (np.float64(2) * x, x * np.float32(2), np.int64(2) * x, x / np.float64(0.5)):
        assert isinstance(value, ag.Tensor)
        assert value.tolist() == [2.0, 8.0]


def test_strangers_are_not_equal_and_do_not_add(xp: Any) -> None:
    x = xp.asarray([1.0])
    assert (x == "one") is False
    assert x != None  # noqa: E711 - the comparison itself is tested
    with pytest.raises(TypeError):
        x + "one"


def test_results_with_names_are_named_tuples(xp: Any) -> None:
    x = xp.asarray([[2.0, 0.0], [0.0, 3.0]])
    assert xp.linalg.eigh(x).eigenvalues.tolist() == [2.0, 3.0]
    assert xp.linalg.slogdet(x)._fields == ("sign", "logabsdet")
    assert xp.unique_all(x)._fields == ("values", "indices", "inverse_indices", "counts")
    assert xp.unique_counts(x).counts.tolist() == [2, 1, 1]


def test_tuples_of_tensors(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    for several in (xp.broadcast_arrays(x, x[:1]), xp.meshgrid(x, x), xp.unstack(x), xp.nonzero(x)):
        assert type(several) is tuple


def test_arrays_may_come_from_generators(xp: Any) -> None:
    assert xp.stack(map(xp.asarray, [1.0, 2.0])).tolist() == [1.0, 2.0]
    assert xp.concat(xp.ones(1) for _ in range(2)).shape == (2,)


# -- asarray ----------------------------------------------------------------------------------------------------


def test_asarray_keeps_identity_and_graph(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0]).requires_grad_()
    y = x * 2
    assert xp.asarray(y) is y
    assert xp.asarray(y, copy=False) is y
    copied = xp.asarray(y, copy=True)
    assert copied is not y
    xp.sum(copied).backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_asarray_stacks_lists_of_tensors_and_numbers(xp: Any) -> None:
    x = xp.asarray(3.0).requires_grad_()
    stacked = xp.asarray([[1.0, 2.0], [x, x * x]])
    assert stacked.tolist() == [[1.0, 2.0], [3.0, 9.0]]
    xp.sum(stacked).backward()
    assert x.grad.item() == 7.0


def test_a_copy_that_cannot_be_avoided_is_a_value_error(xp: Any) -> None:
    with pytest.raises(ValueError, match="copy"):
        xp.asarray([1.0, 2.0], copy=False)
    with pytest.raises(ValueError, match="copy=False"):
        xp.asarray(xp.ones(2, dtype=xp.float64), dtype=xp.float32, copy=False)


@pytest.mark.parametrize("obj", ["text", b"bytes", None, ["text"], object()])
def test_what_is_no_number_is_a_type_error(xp: Any, obj: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="asarray"):
        xp.asarray(obj)


def test_astype_without_a_copy_is_the_tensor_itself(xp: Any) -> None:
    x = xp.ones(2, dtype=xp.float64)
    assert xp.astype(x, xp.float64, copy=False) is x
    assert xp.astype(x, xp.float64) is not x


# -- indexing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        1, -1, slice(1, None), slice(None, None, -1), ..., None, (..., 0), (1, None, slice(2)), (0, 1), [0, 1, 1],
        ([0, 1], [2, 0]), (slice(None), [2, 0]), ([1, 0], 1), (None, [0, 0]), [[0, 1], [1, 0]],
    ],
)  # fmt: skip
def test_keys_mean_what_they_mean_in_numpy(xp: Any, key: Any) -> None:
    values = np.arange(6.0).reshape(2, 3)
    x = xp.asarray(values)
    np.testing.assert_array_equal(x[key].numpy(), values[key])
    written, expected = xp.asarray(values, copy=True), values.copy()
    written[key] = expected[key] = -1.0
    np.testing.assert_array_equal(written.numpy(), expected)


def test_keys_may_hold_tensors_and_arrays_of_numpy(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0, 3.0])
    one, both = xp.asarray(1), xp.asarray([0, 2])
    assert x[one].item() == 2.0
    assert x[one : one + 1].tolist() == [2.0]
    assert x[both].tolist() == x[np.asarray([0, 2])].tolist() == [1.0, 3.0]
    assert x[x > 1.5].tolist() == [2.0, 3.0]
    assert [10, 20][one] == 20


def test_an_index_out_of_range_is_an_index_error(xp: Any) -> None:
    with pytest.raises(IndexingError, match="getitem"):
        xp.ones(3)[5]


def test_gradients_flow_through_integer_arrays(xp: Any) -> None:
    x = xp.reshape(xp.arange(6.0), (2, 3)).requires_grad_()
    xp.sum(x[:, xp.asarray([0, 0, 2])]).backward()
    assert x.grad.tolist() == [[2.0, 0.0, 1.0], [2.0, 0.0, 1.0]]


# -- writing in place -------------------------------------------------------------------------------------------


def test_writes_keep_the_data_type_and_promote_what_is_written(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0], dtype=xp.float64)
    x[0] = 5
    x[1] = xp.asarray(7.0, dtype=xp.float32)
    x += 1
    x *= xp.asarray(2.0, dtype=xp.float32)
    assert x.dtype is xp.float64
    assert x.tolist() == [12.0, 16.0]


def test_what_does_not_promote_is_converted_by_an_index_and_refused_by_an_operator(xp: Any) -> None:
    x = xp.asarray([1, 2])
    x[0] = xp.asarray(3.5)
    assert x.dtype is xp.int64
    assert x.tolist() == [3, 2]
    with pytest.raises(TypeError):
        x += 1.5


def test_the_array_of_a_tensor_is_replaced_and_never_overwritten(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    array = x.array
    x[0] = 9.0
    x -= 1.0
    assert x.tolist() == [8.0, 1.0]
    assert array[0] == 1.0


# -- sets -------------------------------------------------------------------------------------------------------


def test_distinct_values_give_their_gradient_to_the_first_of_equals(xp: Any) -> None:
    x = xp.asarray([3.0, 1.0, 3.0]).requires_grad_()
    values = xp.unique_values(x)
    assert values.tolist() == [1.0, 3.0]
    xp.sum(values * values).backward()
    assert x.grad.tolist() == [6.0, 2.0, 0.0]


def test_inverse_indices_rebuild_the_array(xp: Any) -> None:
    x = xp.asarray([[3, 1], [1, 2]])
    values, inverse = xp.unique_inverse(x)
    assert xp.take(values, xp.reshape(inverse, (-1,))).tolist() == [3, 1, 1, 2]


# -- leaving ----------------------------------------------------------------------------------------------------


def test_scalars_convert_to_python_numbers(xp: Any) -> None:
    assert bool(xp.asarray(True)) is True
    assert (float(xp.asarray(1.5)), int(xp.asarray(3)), complex(xp.asarray(2j))) == (1.5, 3, 2j)
    with pytest.raises(TypeError, match="real part"):
        float(xp.asarray(2j))
    with pytest.raises(TypeError, match="ambiguous"):
        bool(xp.ones(2))


def test_dlpack_goes_both_ways(xp: Any) -> None:
    x = xp.asarray([1.0, 2.0])
    assert np.from_dlpack(x).tolist() == [1.0, 2.0]
    assert xp.from_dlpack(np.asarray([3.0])).tolist() == [3.0]
    assert xp.from_dlpack(x, copy=True).tolist() == [1.0, 2.0]
    assert x.__dlpack_device__() == (1, 0)
    assert x.__dlpack__(max_version=(0, 5)) is not None


def test_a_tensor_that_requires_a_gradient_does_not_leave_by_dlpack(xp: Any) -> None:
    with pytest.raises(ExportError, match="detach"):
        xp.ones(2).requires_grad_().__dlpack__()


def test_devices() -> None:
    strict = pytest.importorskip("array_api_strict")
    xp = importlib.import_module("arraygrad.array_api_strict")
    there = strict.Device("device1")
    x = xp.ones(2, device=there).requires_grad_()
    assert xp.zeros_like(x).device == there
    xp.sum(x.to_device(xp.zeros(1).device) * 2).backward()
    assert x.grad.device == there


def test_data_type_functions_of_extensions(xp: Any) -> None:
    assert xp.fft.fftfreq(4, dtype=xp.float32).dtype is xp.float32
    assert xp.fft.rfft(xp.ones(4, dtype=xp.float32)).dtype is xp.complex64
    assert xp.linalg.matmul(xp.ones((2, 2)), xp.ones((2, 2))).tolist() == [[2.0, 2.0], [2.0, 2.0]]
