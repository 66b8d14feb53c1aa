"""The file: a header, then the bytes of the tensors. Its layout is that of the safetensors format (`docs/saving.md`).

A file is read in steps, each of which trusts only what was checked before. Nothing is allocated that is larger than the
file. The header must be what this module would write for what it says, so there is one way to write a file, and any
other is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..dtypes import bool_
from ..errors import ArgumentError, LoadError
from ..tensor import Tensor
from .entries import Bytes, Entry, bytes_of, entry_from_json, entry_of
from .tree import decode

START = b'{"__metadata__":{"checksum":"'
"""How a header begins; the checksum follows. It is that of the header with zeros in its place, and of all data."""

NO_CHECKSUM = "0" * 64
WHERE = slice(len(START), len(START) + len(NO_CHECKSUM))
LARGEST_HEADER = 100_000_000
VERSION = "1"


class Header(NamedTuple):
    """What a file says of itself."""

    tree: Any
    trainable: list[int]
    entries: list[Entry]

    def encoded(self) -> bytearray:
        """As it is written, with zeros for the checksum, and blanks up to a multiple of eight bytes."""
        metadata = {
            "checksum": NO_CHECKSUM,
            "format": "arraygrad",
            "requires_grad": _json(self.trainable),
            "tree": _json(self.tree),
            "version": VERSION,
        }
        names = {str(number): entry.as_json() for number, entry in enumerate(self.entries)}
        text = _json({"__metadata__": metadata, **names}).encode("ascii")
        return bytearray(text + b" " * (-len(text) % 8))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


# -- writing ----------------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], tree: list[Any], tensors: Sequence[Tensor]) -> None:
    """Write a file beside the one that it replaces, and put it in its place when it is complete."""
    entries: list[Entry] = []
    for tensor in tensors:
        entries.append(entry_of(tensor, entries[-1].end if entries else 0))
    header = Header(tree, [number for number, tensor in enumerate(tensors) if tensor.requires_grad], entries).encoded()
    if len(header) > LARGEST_HEADER:
        raise ArgumentError(
            f"save: what is not in tensors takes {len(header)} bytes; expected at most {LARGEST_HEADER}; "
            "make tensors of long lists of numbers, with arraygrad.tensor"
        )
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    try:
        with temporary.open("xb") as file:
            _write(file, header, map(bytes_of, tensors))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _write(file: BinaryIO, header: bytearray, parts: Iterator[Bytes]) -> None:
    digest = hashlib.sha256(header)
    file.write(len(header).to_bytes(8, "little") + header)
    for part in parts:
        digest.update(part.data)
        file.write(part.data)
    file.seek(8 + WHERE.start)
    file.write(digest.hexdigest().encode("ascii"))
    file.flush()
    os.fsync(file.fileno())


# -- reading ----------------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> tuple[Header, list[Bytes]]:
    """A file's header, and the bytes of each tensor. Raises LoadError if it is not what `write` wrote."""
    try:
        with Path(path).open("rb") as file:
            return _read(file, os.fstat(file.fileno()).st_size)
    except LoadError as error:
        raise LoadError(f"load: {os.fspath(path)}: {error}; expected a file that arraygrad.save wrote") from None


def _read(file: BinaryIO, size: int) -> tuple[Header, list[Bytes]]:
    length = int.from_bytes(bytes(_exactly(file, 8)), "little")
    if length > min(size - 8, LARGEST_HEADER):
        raise LoadError("it has no header")
    encoded = bytearray(_exactly(file, length).tobytes())
    checksum, encoded[WHERE] = bytes(encoded[WHERE]), NO_CHECKSUM.encode("ascii")
    header = _parsed(encoded)
    if (header.entries[-1].end if header.entries else 0) != size - 8 - length:
        raise LoadError("it is shorter or longer than its header says")
    digest = hashlib.sha256(encoded)
    parts = []
    for entry in header.entries:
        parts.append(_exactly(file, entry.end - entry.begin))
        digest.update(parts[-1].data)
        if entry.dtype == bool_ and np.any(parts[-1] > 1):
            raise LoadError("it holds booleans that are neither true nor false")
    if digest.hexdigest().encode("ascii") != checksum:
        raise LoadError("its bytes are not those that were written: the checksum differs")
    return header, parts


def _exactly(file: BinaryIO, count: int) -> Bytes:
    """The next bytes of a file. Raises LoadError if it ends before."""
    data = np.empty(count, dtype=np.uint8)
    if file.readinto(data) != count:  # type: ignore[attr-defined]
        raise LoadError("it ends too early")
    return data


def _parsed(encoded: bytearray) -> Header:
    """The header of some bytes, which must be those that it would be written as."""
    if not encoded.startswith(START):
        raise LoadError("its header is not one of arraygrad")
    try:
        found = json.loads(encoded.decode("ascii"))
        metadata = found.pop("__metadata__")
        version = metadata["version"]
        trainable, tree = set(json.loads(metadata["requires_grad"])), json.loads(metadata["tree"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LoadError(f"its header cannot be read ({type(error).__name__})") from None
    if version != VERSION:
        raise LoadError(f"it is of version {version!r} of the format, and this arraygrad reads version {VERSION!r}")
    entries: list[Entry] = []
    for value in found.values():
        entries.append(entry_from_json(value, entries[-1].end if entries else 0))
    decode(tree, entries)
    differentiable = [number for number, entry in enumerate(entries) if entry.dtype.is_differentiable]
    header = Header(tree, [number for number in differentiable if number in trainable], entries)
    if header.encoded() != encoded:
        raise LoadError("its header is not written as arraygrad writes it")
    return header
