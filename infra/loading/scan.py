"""Which raw files there are, and their rows as newline-delimited JSON with lineage."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json import dumps
from pathlib import Path

import orjson

from infra.errors import LandingError, LoadError

BATCH_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class RawFile:
    """A raw file; `uri` is its path below the landing folder, with forward slashes."""

    uri: str
    path: Path


def scan(landing: Path, folder: str) -> list[RawFile]:
    """Lists the `.json` files below `landing/folder` in the order of their names.

    Hidden names (`.` or `_` first) are left alone, links are not followed. An absent
    folder or one without files is an error: loading nothing is never what was meant.
    """
    files = sorted(_walk(landing / folder, folder), key=lambda file: file.uri)
    if not files:
        raise LandingError(
            f"There are no .json files under {landing / folder}. Put the raw files "
            "there, set `landing` in invoke.yaml, or run `invoke generate`."
        )
    return files


def _walk(folder: Path, uri: str) -> Iterator[RawFile]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        raise LandingError(f"{folder} cannot be listed: {error.strerror}.") from error
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        if not _is_text(entry.name):
            raise LandingError(f"{entry.path!a}: the name is not UTF-8; rename it.")
        below = f"{uri}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), below)
        elif entry.is_file(follow_symlinks=False) and below.lower().endswith(".json"):
            yield RawFile(below, Path(entry.path))


def _is_text(name: str) -> bool:
    """Whether a file's name is UTF-8; Python carries other bytes as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def batches(files: Iterable[RawFile]) -> Iterator[bytes]:
    """Joins the files' objects into newline-delimited JSON of about 64 MB a batch.

    Each object gains `_source_uri` and `_line` in front. One read of a joined file is
    ten times faster than DuckDB's own reading of 15,000 small ones.
    """
    lines: list[bytes] = []
    size = 0
    for file in files:
        for line in _objects(file):
            lines.append(line)
            size += len(line)
        if size >= BATCH_BYTES:
            yield b"\n".join(lines)
            lines, size = [], 0
    if lines:
        yield b"\n".join(lines)


def _objects(file: RawFile) -> Iterator[bytes]:
    lineage = b'{"_source_uri":' + dumps(file.uri).encode() + b',"_line":'
    for number, text in _lines(file):
        yield b"%s%d,%s" % (lineage, number, text[1:])


def _lines(file: RawFile) -> Iterator[tuple[int, bytes]]:
    """Yields (line number, object) for one object a line, or one object in the file."""
    try:
        content = file.path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise LoadError(f"{file.path} cannot be read: {error.strerror}.") from error
    lines = [
        (number, text)
        for number, line in enumerate(content.split(b"\n"), start=1)
        if (text := line.strip())
    ]
    if all(text[:1] == b"{" and text[-1:] == b"}" for _, text in lines):
        yield from lines
        return
    whole = b" ".join(text for _, text in lines)
    if not _is_object(whole):
        bad = next(n for n, text in lines if text[:1] != b"{" or text[-1:] != b"}")
        raise LoadError(f"{file.path}, line {bad}: not a complete JSON object.")
    yield lines[0][0], whole


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
