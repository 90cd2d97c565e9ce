"""Small raw files: each read at once, identified and checked, and all joined into one.

What is seen of them is told in columns, a list for each fact: a process that reads them
for another sends them along, and 100,000 files are no 100,000 objects on the way.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec
import orjson

from infra.landing import folder as local
from infra.loading.strict import Strict

GZIP = b"\x1f\x8b"
UTF16 = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{")

IsKnown = Callable[[str, str], bool]  # of a uri and the digest of its content


class Limits(msgspec.Struct, frozen=True):
    """Bytes: a larger file is not small; rows are held until they are so many."""

    small: int
    held: int


class Seen(msgspec.Struct):
    """What was seen of small files, each named by its place among them.

    `files` were read, and the lists up to `lines` have an entry for each of them:
    `stamps` when they were read, `lasting` those to remember, `lines` all of the file.
    Of these `known` are known by their content, `utf16` are no text, `careful` have a
    line that is no clean row; all others were joined.

    `left` are large or packed, for others to read; `failed` could not be read: errno.
    """

    files: list[int] = []
    digests: list[str] = []
    sizes: list[int] = []
    modified: list[float] = []
    stamps: list[str] = []
    lasting: list[bool] = []
    lines: list[int] = []
    known: list[int] = []
    utf16: list[int] = []
    careful: list[int] = []
    left: list[int] = []
    failed: dict[int, int] = {}


class Reader:
    """Reads small files of one raw table."""

    def __init__(self, strict: Strict, limits: Limits, now: int) -> None:
        self._strict = strict
        self._limits = limits
        self._now = now

    def read(
        self,
        files: Iterable[tuple[str, str]],
        part: str | None,
        is_known: IsKnown | None = None,
    ) -> Seen:
        """Reads files, each (uri, path); their rows go to the file `part`, if given.

        A row has its file and its line in front. Raises OSError when the part cannot
        be written.
        """
        if part is None:
            return self._read(files, None, is_known)
        with Path(part).open("wb", buffering=0) as rows:
            return self._read(files, rows, is_known)

    def _read(
        self,
        files: Iterable[tuple[str, str]],
        part: BinaryIO | None,
        is_known: IsKnown | None,
    ) -> Seen:
        seen, rows, held = Seen(), list[bytes](), 0
        for at, (uri, path) in enumerate(files):
            try:
                status, content = self._content(path)
            except OSError as error:
                seen.failed[at] = error.errno or errno.EIO
                continue
            if content is None or _is_packed(uri, content):
                seen.left.append(at)
                continue
            digest = hashlib.sha256(content).hexdigest()
            lines = content.split(b"\n")
            if not lines[-1]:
                lines.pop()
            seen.files.append(at)
            seen.digests.append(digest)
            seen.sizes.append(status.st_size)
            seen.modified.append(status.st_mtime)
            seen.stamps.append(local.stamp_of(status))
            seen.lasting.append(local.is_lasting(status, self._now))
            seen.lines.append(len(lines))
            if is_known and is_known(uri, digest):
                seen.known.append(at)
            elif content.startswith(UTF16):
                seen.utf16.append(at)
            elif not self._strict.is_clean(content, lines):
                seen.careful.append(at)
            elif part:
                _join(uri, lines, rows)
                held += len(content)
                if held > self._limits.held:
                    _write(part, rows)
                    held = 0
        if part:
            _write(part, rows)
        return seen

    def _content(self, path: str) -> tuple[os.stat_result, bytes | None]:
        """State and bytes of a file; none of one that cannot be had in one go."""
        descriptor, status = local.opened(path)
        try:
            if status.st_size > self._limits.small:
                return status, None
            content = os.read(descriptor, status.st_size + 1)
        finally:
            os.close(descriptor)
        # A file may grow, a file system give less: the large are read until the end
        return status, content if len(content) == status.st_size else None


def _is_packed(uri: str, content: bytes) -> bool:
    return content.startswith(GZIP) or uri[-3:].lower() == ".gz"


def _join(uri: str, lines: list[bytes], rows: list[bytes]) -> None:
    """Adds the lines to the rows, their file and number in front of each."""
    head = b'{"_source_uri":' + orjson.dumps(uri) + b',"_line":'
    for number, line in enumerate(lines, start=1):
        rows.append(b"%s%d,%s\n" % (head, number, line.lstrip()[1:]))


def _write(part: BinaryIO, rows: list[bytes]) -> None:
    """Writes all the rows, and forgets them."""
    text = memoryview(b"".join(rows))
    while text:
        text = text[part.write(text) :]
    rows.clear()
