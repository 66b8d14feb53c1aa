"""`ag.save` and `ag.load`: what was saved comes back, and no file does harm."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import pickle
import re
import stat
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import arraygrad as ag
from arraygrad.errors import ArgumentError, ArgumentTypeError, BackendError, LoadError
from arraygrad.saving import file as saved_file

DTYPES = [dtype.name for dtype in ag.dtypes.STANDARD]
FLOATS = ["float16", "float32", "float64", "complex64", "complex128"]
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["numpy", "array_api_strict"])
def backend(request):
    with ag.use_backend(request.param):
        yield request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tensors.ag"


def round_trip(obj, path, **options):
    ag.save(obj, path)
    return ag.load(path, **options)


def bits(tensor):
    """What a tensor holds, to the bit."""
    values = tensor.detach().numpy()
    return tensor.dtype.name, tensor.shape, tensor.requires_grad, np.asarray(values).tobytes()


def alike(found, expected):
    """Whether two objects are the same, with tensors to the bit."""
    assert type(found) is type(expected)
    if isinstance(expected, ag.Tensor):
        assert bits(found) == bits(expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            alike(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for part, other in zip(found, expected, strict=True):
            alike(part, other)
    else:
        assert repr(found) == repr(expected)


# -- what comes back ----------------------------------------------------------------------------------------


def test_nested_containers_come_back(backend, path):
    obj = {
        "weights": [ag.rand(3, 2), ag.rand(2)],
        "pair": (ag.arange(3), None),
        "integers": [0, -1, 2**53, -(2**53) + 1, -(2**100)],
        "numbers": [2.5, -0.0, math.inf, -math.inf, math.nan, 1e-320, 3 - 4j, complex(math.nan, -0.0)],
        "text": ["", "ü\n\"\\", "\ud800", "\x00"],
        "flags": (True, False),
        "": {"empty": [[], (), {}]},
    }  # fmt: skip
    alike(round_trip(obj, path), obj)


@pytest.mark.parametrize("obj", [None, True, 3, 2.5, "text", [], (), {}, [[[]]], ((),)])
def test_what_holds_no_tensor_comes_back(obj, path):
    alike(round_trip(obj, path), obj)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 2, 3), (0, 2**40)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back_to_the_bit(backend, dtype, shape, path):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype) * (1 + 2j if "complex" in dtype else 1)
    tensor = ag.tensor(values, backend=backend, dtype=dtype)
    alike(round_trip(tensor, path), tensor)


@QUICK
@given(values=npst.arrays(st.sampled_from(FLOATS), npst.array_shapes(min_dims=0, max_side=4)))
def test_floats_of_all_kinds_come_back_to_the_bit(values, path):
    tensor = ag.asarray(values)
    alike(round_trip(tensor, path), tensor)


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
TENSORS = npst.arrays(st.sampled_from(DTYPES), npst.array_shapes(min_dims=0, max_side=3)).map(ag.asarray)


def containers(parts):
    lists = st.lists(parts, max_size=4)
    return lists | lists.map(tuple) | st.dictionaries(st.text(), parts, max_size=4)


OBJECTS = st.recursive(SIMPLE | TENSORS, containers, max_leaves=12)


@QUICK
@given(obj=OBJECTS)
def test_any_containers_come_back(obj, path):
    alike(round_trip(obj, path), obj)


def test_bfloat16_comes_back_to_the_bit(path):
    torch = pytest.importorskip("torch")
    every = torch.arange(2**16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
    found = round_trip(ag.asarray(every), path, backend="torch").array
    assert found.dtype == torch.bfloat16
    same = found.view(torch.int16) == every.view(torch.int16)
    assert bool((same | (every.isnan() & found.isnan())).all())


def test_a_dtype_that_the_backend_lacks_is_refused(path):
    pytest.importorskip("torch")
    ag.save({"x": ag.ones(2), "y": ag.ones(2, dtype="bfloat16", backend="torch")}, path)
    with pytest.raises(BackendError, match="of bfloat16, which backend 'numpy' does not have; load it with another"):
        ag.load(path)
    ag.save(ag.ones(2, dtype="float16"), path)
    with pytest.raises(BackendError, match="float16, which backend 'array_api_strict'"):
        ag.load(path, backend="array_api_strict")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_dtype_that_the_backend_would_change_is_refused(path):
    jax = pytest.importorskip("jax")
    ag.save(ag.ones(2, dtype="float64"), path)
    before = jax.config.jax_enable_x64
    try:
        jax.config.update("jax_enable_x64", False)
        with pytest.raises(BackendError, match="a tensor of float64, of which backend 'jax' made one of float32"):
            ag.load(path, backend="jax")
        jax.config.update("jax_enable_x64", True)
        assert ag.load(path, backend="jax").dtype == ag.float64
    finally:
        jax.config.update("jax_enable_x64", before)


def test_tensors_are_loaded_to_the_backend_and_device_asked_for(path):
    strict = pytest.importorskip("array_api_strict")
    ag.save(ag.arange(3), path)
    assert ag.load(path).backend.name == "numpy"
    assert ag.load(path, backend="array_api_strict").backend.name == "array_api_strict"
    with ag.use_backend("array_api_strict"):
        assert ag.load(path).backend.name == "array_api_strict"
    device = strict.Device("device1")
    loaded = ag.load(path, "array_api_strict", device)
    assert loaded.device == device
    assert round_trip(loaded, path).tolist() == [0, 1, 2]
    with pytest.raises(BackendError, match="backend: got 'nothing'"):
        ag.load(path, backend="nothing")


def test_views_and_foreign_orders_come_back_by_value(path):
    x = ag.tensor(np.arange(12.0).reshape(3, 4))
    obj = [x.T, x[::2, ::-1], ag.broadcast_to(x[0], (5, 4)), ag.asarray(np.asfortranarray(x.numpy())),
           ag.asarray(np.arange(3, dtype=">f8"))]  # fmt: skip
    assert [part.tolist() for part in round_trip(obj, path)] == [part.tolist() for part in obj]


def test_a_tensor_that_occurs_several_times_is_one_tensor_again(backend, path):
    x, y = ag.rand(3, requires_grad=True), ag.ones(2)
    found = round_trip({"a": x, "b": [y, x], "c": x.detach().clone()}, path)
    assert found["a"] is found["b"][1]
    assert found["a"] is not found["c"]
    assert path.read_bytes().count(b'"dtype"') == 3


def test_requires_grad_is_kept_and_graphs_and_gradients_are_not(backend, path):
    x = ag.rand(3, requires_grad=True)
    (x * 2).sum().backward()
    found = round_trip([x, x * 2, x.detach()], path)
    assert [each.requires_grad for each in found] == [True, True, False]
    assert all(each.is_leaf for each in found)
    assert found[0].grad is None
    assert x.grad is not None


def test_loaded_tensors_can_be_trained_and_written_to(backend, path):
    x = round_trip(ag.ones(3, requires_grad=True), path)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 2, 2]
    with ag.no_grad():
        x -= 0.5 * x.grad
    assert x.tolist() == [0, 0, 0]


def test_loading_again_gives_other_tensors(path):
    ag.save(ag.ones(3), path)
    first, second = ag.load(path), ag.load(path)
    first += 1
    assert second.tolist() == [1, 1, 1]


def test_dual_tensors_lose_their_tangents(path):
    with ag.autograd.forward_ad.dual_level():
        dual = ag.autograd.forward_ad.make_dual(ag.ones(2), ag.ones(2))
        found = round_trip(dual * 2, path)
        assert ag.autograd.forward_ad.unpack_dual(found).tangent is None
    assert found.tolist() == [2, 2]


def test_deep_nesting_needs_no_recursion(path):
    obj = ag.ones(2)
    for _ in range(100_000):
        obj = [obj]
    found = round_trip(obj, path)
    for _ in range(100_000):
        (found,) = found
    assert found.tolist() == [1, 1]


def test_same_objects_make_the_same_file(tmp_path):
    obj = {"a": ag.ones(3), "b": [1, ag.zeros(2, dtype=ag.int64)]}
    ag.save(obj, tmp_path / "first")
    ag.save(obj, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_files_are_those_that_the_documentation_describes(path):
    ag.save({"w": ag.tensor([[1.0, 2.0]], requires_grad=True)}, path)
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    assert length % 8 == 0
    header = json.loads(content[8 : 8 + length])
    assert header["0"] == {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}
    assert header["__metadata__"]["tree"] == '[["dict",["w"]],["tensor",0]]'
    assert header["__metadata__"]["requires_grad"] == "[0]"
    assert struct.unpack("<2f", content[8 + length :]) == (1.0, 2.0)


def test_readers_of_safetensors_read_the_file(path):
    reader = pytest.importorskip("safetensors.numpy")
    ag.save([ag.arange(3), ag.ones(2, 2)], path)
    found = reader.load_file(path)
    assert found["0"].tolist() == [0, 1, 2]
    assert found["1"].tolist() == [[1, 1], [1, 1]]


# -- what cannot be saved -------------------------------------------------------------------------------------


class Custom:
    pass


@pytest.mark.parametrize(
    ("obj", "phrase"),
    [
        ({"a": [np.ones(3)]}, r"obj\['a'\]\[0\]: got numpy.ndarray; expected .* make arrays tensors first"),
        ([np.float64(1.0)], r"obj\[0\]: got numpy.float64"),
        ((1, {2}), r"obj\[1\]: got builtins.set"),
        (Custom(), "obj: got test_saving.Custom"),
        (len, "obj: got builtins.builtin_function_or_method"),
        (b"bytes", "obj: got builtins.bytes"),
        ({1: 2}, "obj: got a key of type int; expected strings"),
        ([{None: 2}], r"obj\[0\]: got a key of type NoneType"),
        (ag.float32, "obj: got arraygrad.dtypes.DType"),
        (re.compile(""), "obj: got re.Pattern"),
    ],
)
def test_other_objects_are_refused(obj, phrase, path):
    with pytest.raises(ArgumentTypeError, match=phrase):
        ag.save(obj, path)
    assert not path.exists()


def test_named_tuples_and_subclasses_are_refused_since_they_would_come_back_as_others(path):
    import collections

    for obj in (collections.namedtuple("pair", "a b")(1, 2), collections.OrderedDict(a=1), type("mine", (list,), {})()):
        with pytest.raises(ArgumentTypeError, match="expected a Tensor, or a dict, list"):
            ag.save(obj, path)


def test_a_container_that_contains_itself_is_refused(path):
    around: list = [1]
    around.append({"x": around})
    with pytest.raises(ArgumentError, match=r"obj\[1\]\['x'\] is a container that contains itself"):
        ag.save(around, path)
    twice = [1]
    assert round_trip([twice, twice], path) == [[1], [1]]


def test_more_than_can_be_loaded_is_not_saved(path, monkeypatch):
    monkeypatch.setattr(saved_file, "LARGEST_HEADER", 1000)
    assert round_trip([1.5] * 10, path) == [1.5] * 10
    with pytest.raises(ArgumentError, match=r"takes \d+ bytes; expected at most 1000; make tensors of long lists"):
        ag.save([1.5] * 100, path)
    assert ag.load(path) == [1.5] * 10


def test_tensors_of_unknown_shape_are_refused(path):
    dask = pytest.importorskip("dask.array")
    lazy = ag.asarray(dask.arange(5))
    with pytest.raises(ArgumentError, match="unknown shape, stored by dask; compute it first"):
        ag.save(lazy[lazy > 2], path)
    assert round_trip(lazy * 2, path).tolist() == [0, 2, 4, 6, 8]


# -- a file is written whole or not at all ----------------------------------------------------------------------


def test_a_failure_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    ag.save(ag.ones(3), path)
    before = path.read_bytes()
    calls = []

    def failing(tensor):
        calls.append(tensor)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.zeros(24, dtype=np.uint8)

    monkeypatch.setattr(saved_file, "bytes_of", failing)
    with pytest.raises(KeyboardInterrupt):
        ag.save([ag.zeros(3, dtype=ag.float64), ag.zeros(3, dtype=ag.float64)], path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_old_file_is_there_until_the_new_one_is_complete(path, monkeypatch):
    ag.save(ag.ones(3), path)
    real, seen = saved_file.bytes_of, []

    def watching(tensor):
        seen.append(ag.load(path).tolist())
        return real(tensor)

    monkeypatch.setattr(saved_file, "bytes_of", watching)
    ag.save(ag.zeros(3), path)
    assert seen == [[1, 1, 1]]
    assert ag.load(path).tolist() == [0, 0, 0]


def test_links_are_followed(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    ag.save(ag.ones(1), real)
    link.symlink_to(real)
    ag.save(ag.zeros(1), link)
    assert link.is_symlink()
    assert ag.load(real).tolist() == [0]


def test_permissions_are_those_of_any_new_file(tmp_path):
    ag.save(ag.ones(1), tmp_path / "ours")
    (tmp_path / "other").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_errors_of_the_system_are_its_own(tmp_path):
    with pytest.raises(FileNotFoundError):
        ag.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        ag.save(ag.ones(1), tmp_path / "nothing" / "tensors")
    with pytest.raises(OSError):
        ag.load(tmp_path)


# -- damaged files ----------------------------------------------------------------------------------------------

SAMPLE = {"w": ag.tensor([[1.0, -2.0]], requires_grad=True), "n": [ag.arange(3), 2.5, None], "e": ag.zeros(0)}


def content_of(obj, path):
    ag.save(obj, path)
    return path.read_bytes()


def refused(content, path):
    path.write_bytes(content)
    with pytest.raises(LoadError, match=re.escape(str(path)) + ".*; expected a file that arraygrad.save wrote") as caught:
        ag.load(path)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def test_a_file_cut_off_anywhere_is_refused(path):
    content = content_of(SAMPLE, path)
    for length in range(len(content)):
        refused(content[:length], path)


def test_what_comes_after_the_end_is_noticed(path):
    content = content_of(SAMPLE, path)
    for more in (b"\0", b" ", bytes(8), content):
        assert "it is shorter or longer than its header says" in refused(content + more, path)


def test_a_file_of_a_few_bytes_ends_too_early(path):
    for length in range(8):
        assert "it ends too early" in refused(bytes(length), path)


def test_a_byte_changed_anywhere_is_noticed(path):
    content = content_of(SAMPLE, path)
    for position in range(len(content)):
        for value in {content[position] ^ 1, content[position] ^ 128, 0, 32, 255} - {content[position]}:
            refused(content[:position] + bytes([value]) + content[position + 1 :], path)


@QUICK
@given(data=st.data())
def test_damage_of_any_kind_is_noticed(data, path):
    content = content_of(SAMPLE, path)
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    damaged = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    if damaged == content:
        alike(ag.load(path), SAMPLE)
    else:
        refused(damaged, path)


@QUICK
@given(content=st.binary(max_size=200))
@example(content=b"")
@example(content=b"\xff" * 100)
@example(content=struct.pack("<Q", 50) + b"{" * 50)
def test_arbitrary_bytes_are_refused(content, path):
    refused(content, path)


def foreign_files():
    """Files of other programs."""
    archive, pickled = io.BytesIO(), pickle.dumps({"w": [1.0, 2.0]})
    np.savez(archive, w=np.ones(3))
    single = io.BytesIO()
    np.save(single, np.ones(3))
    tensors = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w"):
        pass
    return {
        "npz": archive.getvalue(), "npy": single.getvalue(), "pickle": pickled, "zip": empty.getvalue(),
        "safetensors": struct.pack("<Q", len(tensors)) + tensors + bytes(4), "json": b'{"__metadata__": {}}',
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["npz", "npy", "pickle", "zip", "safetensors", "json"])
def test_files_of_other_programs_are_refused(kind, path):
    message = refused(foreign_files()[kind], path)
    assert kind != "safetensors" or "its header is not one of arraygrad" in message


def test_pickles_are_not_run(path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(path.parent / "ran"),)

    refused(pickle.dumps(Bomb()), path)
    assert not (path.parent / "ran").exists()


# -- hostile files: each with a checksum that fits ----------------------------------------------------------------

METADATA = {"checksum": "0" * 64, "format": "arraygrad", "requires_grad": "[]", "tree": '[["tensor",0]]', "version": "1"}
ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def forged(header, data=bytes(8)):
    """A file with a header, given as text or as what JSON makes of it, and with the right checksum."""
    text = header if isinstance(header, str) else compact(header)
    encoded = text.encode("utf-8", "surrogatepass")
    encoded += b" " * (-len(encoded) % 8)
    digest = hashlib.sha256(encoded + data).hexdigest().encode()
    return struct.pack("<Q", len(encoded)) + encoded.replace(b"0" * 64, digest, 1) + data


def with_metadata(**changes):
    return {"__metadata__": {**METADATA, **changes}, "0": ENTRY}


def with_entry(**changes):
    return {"__metadata__": METADATA, "0": {**ENTRY, **changes}}


def with_tree(tree):
    return with_metadata(tree=tree if isinstance(tree, str) else compact(tree))


def test_a_forged_file_that_is_right_is_loaded(path):
    path.write_bytes(forged(with_metadata(requires_grad="[0]")))
    alike(ag.load(path), ag.zeros(2, requires_grad=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [3]}, {"shape": [1]}, {"shape": [-2]}, {"shape": [-1, -2]}, {"shape": [2.0]}, {"shape": [True, 2]},
        {"shape": ["2"]}, {"shape": [[2]]}, {"shape": None}, {"shape": 2}, {"shape": {"0": 2}}, {"shape": [2**62, 2**62]},
        {"shape": [2**61]}, {"shape": [10**400]}, {"shape": [1] * 64 + [2]}, {"dtype": "F64"}, {"dtype": "f32"},
        {"dtype": "O"}, {"dtype": None}, {"dtype": ["F32"]}, {"data_offsets": [0, 4]}, {"data_offsets": [0, 16]},
        {"data_offsets": [4, 12]}, {"data_offsets": [-8, 0]}, {"data_offsets": [8, 0]}, {"data_offsets": [0]},
        {"data_offsets": [0, 8, 8]}, {"data_offsets": [0.0, 8]}, {"data_offsets": [False, 8]}, {"data_offsets": None},
        {"shape": [2**60], "data_offsets": [0, 2**62]}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_descriptions_of_tensors_that_there_cannot_be_are_refused(changes, path):
    refused(forged(with_entry(**changes)), path)


@pytest.mark.parametrize("shape", [[0, 2**64], [0, 2**62], [2**40, 2**40, 0], [0, 10**400]], ids=str)
def test_empty_tensors_that_there_cannot_be_are_refused(shape, path):
    refused(forged(with_entry(shape=shape, data_offsets=[0, 0]), b""), path)
    path.write_bytes(forged(with_entry(shape=[0, 2**40], data_offsets=[0, 0]), b""))
    assert ag.load(path).shape == (0, 2**40)


@pytest.mark.parametrize(
    "tree",
    [
        "", "null", "[]", "{}", "0", "[1", "NaN", "[NaN]", "[1.0]", '["text"]', "[null]", [["tensor", 1]], [["tensor", -1]],
        [["tensor", True]], [["tensor", False]], [["tensor", 0.0]], [["tensor"]], [["tensor", 0, 0]], [["tensor", "0"]],
        [["tensor", 0], ["tensor", 0]], [["list", 2], ["tensor", 0]], [["list", 1], ["tensor", 0], None], [["list", -1]],
        [["list", 10**18], ["tensor", 0]], [["list", True], ["tensor", 0]], [["list", "1"], ["tensor", 0]], [["list", 0]],
        [["dict", ["a", "a"]], ["tensor", 0], 1], [["dict", [1]], ["tensor", 0]], [["dict", "a"], ["tensor", 0]],
        [["dict", {"a": 0}], ["tensor", 0]], [["dict", [None]], ["tensor", 0]], [["dict"], ["tensor", 0]],
        [["set", 1], ["tensor", 0]], [["__import__", "os"]], [{"tensor": 0}], [[]], [[["tensor", 0]]],
        [["list", 2], ["tensor", 0], ["float", "1.0"]], [["list", 2], ["tensor", 0], ["float", 1.0]],
        [["list", 2], ["tensor", 0], ["float", "0x1p5000"]], [["list", 2], ["tensor", 0], ["float", ""]],
        [["list", 2], ["tensor", 0], ["int", "0x10"]], [["list", 2], ["tensor", 0], ["int", "0X400000000000000000"]],
        [["list", 2], ["tensor", 0], ["int", "0x0400000000000000000"]], [["list", 2], ["tensor", 0], ["int", "12"]],
        [["list", 2], ["tensor", 0], ["int", 12]], [["list", 2], ["tensor", 0], ["complex", "0x1.0p+0"]],
        [["list", 2], ["tensor", 0], ["complex", "0x1.0000000000000p+0", "1"]], [["list", 2], ["tensor", 0], 2**60],
        "[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000, "9" * 10_000,
    ],
    ids=lambda tree: str(tree)[:40],
)  # fmt: skip
def test_trees_that_mean_nothing_are_refused(tree, path):
    refused(forged(with_tree(tree)), path)


@pytest.mark.parametrize(
    "header",
    [
        with_metadata(version="2"), with_metadata(version=1), with_metadata(format="pt"), with_metadata(more="1"),
        with_metadata(requires_grad="[1]"), with_metadata(requires_grad="[-1]"), with_metadata(requires_grad="[0,0]"),
        with_metadata(requires_grad="0"), with_metadata(requires_grad="[[0]]"), with_metadata(requires_grad="[0.0]"),
        with_metadata(requires_grad="[true]"), with_metadata(requires_grad='{"0":1}'), with_metadata(requires_grad=[0]),
        with_metadata(requires_grad=" []"), with_metadata(tree=[["tensor", 0]]), with_metadata(tree=None),
        {"__metadata__": METADATA, "1": ENTRY}, {"__metadata__": METADATA, "../0": ENTRY}, {"__metadata__": METADATA},
        {"__metadata__": METADATA, "0": ENTRY, "1": {**ENTRY, "data_offsets": [0, 8]}}, {"__metadata__": METADATA, "0": 1},
        {"__metadata__": METADATA, "0": ENTRY, "1": {**ENTRY, "shape": [0], "data_offsets": [8, 8]}},
        {"__metadata__": METADATA, "0": [ENTRY]}, json.dumps(with_entry()), compact(with_entry()) + "x",
        compact(with_entry())[:-1] + ',"0":' + compact(ENTRY) + "}", compact(with_entry()).replace("[2]", "[2.0]"),
        compact(with_entry()).replace('"F32"', '"\\u00463\\u0032"'), compact(with_entry()) + " " * 16,
        '{"__metadata__":{"checksum":"' + "0" * 64 + '"', compact({"0": ENTRY, "__metadata__": METADATA}),
        '{"__metadata__":{"checksum":"' + "0" * 64 + '"}}', '{"__metadata__":{"checksum":"' + "0" * 64 + 'ü"}}',
        '{"__metadata__":{"checksum":"' + "0" * 64 + '","a":' + "[" * 100_000,
    ],
    ids=lambda header: str(header)[:10],
)  # fmt: skip
def test_headers_that_are_not_written_so_are_refused(header, path):
    refused(forged(header), path)


def test_the_version_is_named_where_it_is_another(path):
    assert "it is of version '2' of the format, and this arraygrad reads version '1'" in refused(
        forged(with_metadata(version="2")), path
    )


def test_integers_cannot_require_a_gradient(path):
    refused(forged({"__metadata__": {**METADATA, "requires_grad": "[0]"}, "0": {**ENTRY, "dtype": "I32"}}), path)


def test_booleans_are_true_or_false(path):
    entry = {"dtype": "BOOL", "shape": [8], "data_offsets": [0, 8]}
    path.write_bytes(forged({"__metadata__": METADATA, "0": entry}, bytes([0, 1] * 4)))
    assert ag.load(path).tolist() == [False, True] * 4
    refused(forged({"__metadata__": METADATA, "0": entry}, bytes([0, 2] * 4)), path)


@pytest.mark.parametrize("length", [0, 7, 2**20, 2**63, 2**64 - 1])
def test_the_length_of_the_header_is_not_trusted(length, path):
    content = forged(with_entry())
    refused(struct.pack("<Q", length) + content[8:], path)


def test_no_more_memory_is_taken_than_the_file_is_large(path):
    for content in (
        forged(with_entry(shape=[2**40], data_offsets=[0, 2**42])),
        struct.pack("<Q", 2**40) + forged(with_entry())[8:],
        struct.pack("<Q", 90_000_000) + forged(with_entry())[8:],
        forged(with_tree([["list", 10**12], ["tensor", 0]])),
    ):
        tracemalloc.start()
        try:
            refused(content, path)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


def lists_and_dictionaries(parts):
    keys = st.sampled_from(["dtype", "shape", "data_offsets", "0"])
    return st.lists(parts, max_size=3) | st.dictionaries(keys, parts, max_size=4)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@QUICK
@given(header=st.recursive(PLAIN, lists_and_dictionaries, max_leaves=8))
def test_any_description_is_loaded_or_refused(header, path):
    path.write_bytes(forged({"__metadata__": METADATA, "0": header}))
    try:
        ag.load(path)
    except LoadError:
        return
    assert header["shape"] == [2]


WORDS = st.sampled_from(["tensor", "list", "dict", "tuple", "int", "float", "0x1"])
TOKENS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS, lambda parts: st.lists(parts, max_size=3), max_leaves=6
)


@QUICK
@given(tree=st.lists(TOKENS, max_size=5))
@example(tree=[["list", 2], ["tensor", 0], ["tensor", 0]])
def test_any_tree_is_loaded_or_refused(tree, path):
    path.write_bytes(forged(with_tree(tree)))
    try:
        found = ag.load(path)
    except LoadError:
        return
    assert json.loads(json.dumps(tree)) == saved_tree(found)


def saved_tree(obj):
    from arraygrad.saving.tree import encode

    return encode(obj)[0]
