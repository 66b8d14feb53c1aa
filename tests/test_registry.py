"""Finding backends: by name, by the type of an array, among installed plug-ins; and what is said where there is none."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.backends import Backend, backend_of, registry, survey
from arraygrad.errors import ArgumentTypeError, BackendError

ROOT = Path(__file__).parents[1]


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in ROOT.glob("backends/*/pyproject.toml")), ids=lambda path: path.name
)
def test_a_plug_in_can_be_installed_by_the_name_of_its_backend(folder):
    plug_in, extras = project(folder), project(ROOT)["optional-dependencies"]
    name = folder.name.replace("_", "-")  # older installers do not take one for the other
    assert plug_in["name"].replace("_", "-") == f"arraygrad-{name}"
    assert extras[name] == [f"arraygrad-{name}>={plug_in['version'].rpartition('.')[0]}"]
    assert folder.name in plug_in["entry-points"]["arraygrad.backends"]
    page = (ROOT / "docs" / "backends.md").read_text()
    given = re.findall(r"arraygrad\[([^]]*)\]", page)
    assert name in given and set(given) <= set(extras)
    for extra in plug_in.get("optional-dependencies", {}):
        assert [f"arraygrad-{name}[{extra}]>=0.1"] in extras.values()


class EntryPoint:
    """An installed plug-in."""

    value = "somewhere:Plugin"

    def __init__(self, name, load):
        self.name = name
        self.load = load


@pytest.fixture
def install(monkeypatch):
    """Installs plug-ins that are gone after the test: `install(name, load)`."""
    points = list(importlib.metadata.entry_points(group="arraygrad.backends"))
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == registry._GROUP else [])
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    monkeypatch.setattr(registry, "_by_type", dict(registry._by_type))
    return lambda name, load: points.append(EntryPoint(name, load))


def fail_to_load():
    raise ImportError("no libfoo.so")


# -- by name ----------------------------------------------------------------------------------------------


def test_numpy_is_built_in_and_one_object():
    assert ag.get_backend("numpy") is ag.get_backend("numpy")
    assert ag.get_backend("numpy").name == "numpy"
    assert ag.tensor([1.0]).backend is ag.get_backend("numpy")


def test_unknown_backend_lists_what_is_installed_and_how_to_install_the_rest():
    phrase = r"backend: got 'cupie'; installed are .*numpy.*; .*`pip install cupie`.*plug-in"
    with pytest.raises(BackendError, match=phrase):
        ag.get_backend("cupie")
    with pytest.raises(BackendError, match=phrase):
        ag.ones(3, backend="cupie")
    with pytest.raises(BackendError, match=phrase):
        ag.set_default_backend("cupie")
    with pytest.raises(BackendError, match=phrase), ag.use_backend("cupie"):
        pass
    assert ag.default_backend().name == "numpy"


@pytest.mark.parametrize("name", ["", "not a name", "numpy.linalg", "os.path", ".", "a..b"])
def test_names_that_no_library_can_have_are_unknown_too(name):
    with pytest.raises(BackendError, match=r"installed are .*numpy"):
        ag.get_backend(name)


def test_library_without_the_standards_namespace_is_no_backend():
    with pytest.raises(BackendError, match=r"backend 'json': .*__array_namespace_info__.*no plug-in"):
        ag.get_backend("json")


def test_any_conforming_library_is_a_backend_without_a_plug_in():
    strict = pytest.importorskip("array_api_strict")
    backend = ag.get_backend("array_api_strict")
    assert backend_of(strict.ones(2)) is backend
    assert ag.tensor(strict.ones(2)).backend is backend


def test_default_backend_follows_block_then_process_then_environment(monkeypatch):
    pytest.importorskip("array_api_strict")
    monkeypatch.setattr(registry, "_process_default", [])
    monkeypatch.setenv("ARRAYGRAD_BACKEND", "array_api_strict")
    assert ag.ones(2).backend.name == "array_api_strict"
    ag.set_default_backend("numpy")
    assert ag.ones(2).backend.name == "numpy"
    with ag.use_backend("array_api_strict") as backend:
        assert ag.ones(2).backend is backend
        with ag.use_backend("numpy"):
            assert ag.ones(2).backend.name == "numpy"
        assert ag.ones(2).backend is backend
        assert ag.ones(2, backend="numpy").backend.name == "numpy"
    assert ag.ones(2).backend.name == "numpy"


def test_use_backend_ends_with_its_block_even_after_an_error():
    pytest.importorskip("array_api_strict")
    with pytest.raises(ValueError, match="inside"), ag.use_backend("array_api_strict"):
        raise ValueError("inside")
    assert ag.default_backend().name == "numpy"


def test_use_backend_belongs_to_its_thread():
    pytest.importorskip("array_api_strict")
    seen = []
    with ag.use_backend("array_api_strict"):
        thread = threading.Thread(target=lambda: seen.append(ag.default_backend().name))
        thread.start()
        thread.join()
    assert seen == ["numpy"]


def test_environment_that_names_an_unknown_backend_says_so(monkeypatch):
    monkeypatch.setattr(registry, "_process_default", [])
    monkeypatch.setenv("ARRAYGRAD_BACKEND", "cupie")
    with pytest.raises(BackendError, match="got 'cupie'"):
        ag.ones(2)


# -- by array ---------------------------------------------------------------------------------------------


def test_tensor_follows_the_library_of_the_array():
    strict = pytest.importorskip("array_api_strict")
    assert ag.tensor(strict.asarray([1.0])).backend.name == "array_api_strict"
    assert ag.tensor(np.asarray([1.0])).backend.name == "numpy"
    with ag.use_backend("array_api_strict"):
        assert ag.tensor(np.asarray([1.0])).backend.name == "numpy"


@pytest.mark.parametrize(
    "stranger",
    ["text", {"a": 1}, object(), int, np.ndarray, [1.0]],
    ids=["text", "dict", "object", "int", "array type", "list"],
)
def test_stranger_is_no_array(stranger):
    with pytest.raises(ArgumentTypeError, match=r"expected a Tensor or an array .* make one with arraygrad.tensor"):
        backend_of(stranger)


def test_operation_on_arrays_of_two_backends_names_both():
    pytest.importorskip("array_api_strict")
    x, y = ag.ones(2, requires_grad=True), ag.ones(2, backend="array_api_strict")
    for mixed in (lambda: x + y, lambda: y * x, lambda: ag.concat([x, y]), lambda: ag.matmul(x, y)):
        with pytest.raises(BackendError, match=r"stored by (numpy|array_api_strict) and by .*; expected one backend; conv"):
            mixed()
    with pytest.raises(BackendError, match=r"add\(x1: shape \(2,\) float32, x2: shape \(2,\) float32\): its arrays are"):
        ag.add(x, y)


def test_conversion_between_backends_is_what_the_error_proposes():
    pytest.importorskip("array_api_strict")
    x, y = ag.ones(2), ag.ones(2, backend="array_api_strict")
    assert (x + ag.asarray(y.numpy(), backend="numpy")).tolist() == [2, 2]


def test_raw_array_of_the_same_backend_is_an_operand_and_of_another_is_not():
    strict = pytest.importorskip("array_api_strict")
    x = ag.ones(2, requires_grad=True)
    assert (x + np.ones(2, dtype=np.float32)).tolist() == [2, 2]
    assert (np.ones(2, dtype=np.float32) + x).requires_grad
    with pytest.raises(BackendError, match="stored by"):
        x + strict.ones(2)


# -- plug-ins ---------------------------------------------------------------------------------------------


def test_installed_plug_in_is_found_by_name_and_by_array(install):
    class Library:
        __name__ = "elsewhere"

    Array = type("Array", (), {"__module__": "elsewhere.core"})

    class Plugin(Backend):
        protocol_version = 1

        def __init__(self):
            super().__init__("elsewhere", Library())

        def is_array(self, value):
            return isinstance(value, Array)

    install("elsewhere", lambda: Plugin)
    backend = ag.get_backend("elsewhere")
    assert isinstance(backend, Plugin)
    assert backend_of(Array()) is backend
    assert survey()["elsewhere"] is backend


def test_broken_plug_in_is_named_and_the_others_still_work(install):
    install("broken", fail_to_load)
    with pytest.raises(BackendError, match=r"backend 'broken': its plug-in .*ImportError: no libfoo.so.*mend or uninst"):
        ag.get_backend("broken")
    assert ag.ones(2).tolist() == [1, 1]
    pytest.importorskip("array_api_strict")
    assert ag.ones(2, backend="array_api_strict").tolist() == [1, 1]
    with pytest.raises(BackendError, match=r"got 'cupie'; installed are .*broken"):
        ag.get_backend("cupie")


def test_a_plug_in_may_say_itself_why_it_does_not_work(install):
    def no_driver():
        raise BackendError("no driver for the GPU; install one")

    install("without_gpu", lambda: no_driver)
    with pytest.raises(BackendError, match=r"^backend 'without_gpu': no driver for the GPU; install one; the other"):
        ag.get_backend("without_gpu")


def test_survey_tells_why_a_plug_in_does_not_work(install):
    install("broken", fail_to_load)
    found = survey()
    assert isinstance(found["broken"], BackendError)
    assert isinstance(found["numpy"], Backend)


def test_plug_in_that_is_no_backend_is_broken(install):
    install("strange", lambda: dict)
    with pytest.raises(BackendError, match=r"backend 'strange': .*dict"):
        ag.get_backend("strange")


def test_array_of_a_broken_backend_is_not_taken_for_something_else(install):
    install("broken", fail_to_load)
    array = type("Array", (), {"__module__": "broken", "__array__": lambda self, dtype=None, copy=None: np.ones(2)})()
    with pytest.raises(BackendError, match="backend 'broken'"):
        ag.tensor(array)
    with pytest.raises(BackendError, match="backend 'broken'"):
        ag.ones(2) + array


def test_importing_arraygrad_imports_no_library_but_numpy():
    program = (
        "import sys, arraygrad as ag; ag.ones(2);"
        "print([name for name in ('torch', 'jax', 'cupy', 'dask', 'array_api_strict', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
