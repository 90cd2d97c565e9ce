"""Raw files on their way in: identified, unpacked, and put where an engine reads them.

Every byte is read once here: the same pass that identifies a file's content counts its
lines and looks at its beginning. Small files are joined, because opening 15,000 of them
costs an engine ten times what reading their bytes does; large ones stay where they are.
"""

import gzip
import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from json import dumps
from pathlib import Path
from typing import NamedTuple

from infra.errors import LoadError
from infra.landing import folder as local
from infra.landing.files import LandedFile, RefusedFile
from infra.loading.ledger import Ledger
from infra.loading.raw_schema import RawTable
from infra.loading.shape import LONGEST_OBJECT, key_order

SMALL = 1 << 20  # bytes; a larger file is worth being opened by the engine itself
PART = 64 << 20  # bytes of joined files in one part
ORDERS = 4  # orders of keys that are looked for; files are seldom of more than one

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{")

Told = Callable[[int], None]


class Taken(NamedTuple):
    """A file whose content was read: what of it an engine needs.

    `path` holds its lines, unpacked. `route` is joined (its lines are in a part), whole
    (the engine may read `path`) or careful (it needs a close look). `lines` counts
    lines, the last one with or without an end. `stamp` is that of `source`, the raw
    file itself, when it was read.
    """

    path: Path
    lines: int
    route: str
    source: Path
    stamp: str

    def is_unchanged(self) -> bool:
        """Whether the raw file is still the one that was read."""
        try:
            return _stamp(self.source) == self.stamp
        except OSError:
            return False


class Intake:
    """Takes in the raw files of one table, in a folder that is thrown away afterwards.

    Without a folder files are identified only, and nothing is written.
    """

    def __init__(self, table: RawTable, ledger: Ledger, folder: Path | None) -> None:
        self.table = table
        self.ledger = ledger
        self.files: list[LandedFile] = []
        self.refused: list[RefusedFile] = []
        self.taken: dict[str, Taken] = {}
        self.orders: dict[tuple[str, ...], None] = {}
        self.parts: list[tuple[Path, list[str]]] = []
        self._folder = folder or Path()
        self.is_loading = folder is not None
        self._lines: list[bytes] = []
        self._uris: list[str] = []
        self._size = 0
        self._now = time.time_ns()
        self._again = False

    def take(
        self, files: Iterable[LandedFile], told: Told, *, again: bool = False
    ) -> None:
        """Identifies all files and takes in those the ledger does not know.

        `told` hears how many are done. `again` takes in those it knows too. A file that
        cannot be read is refused.
        """
        self._again = again
        large = []
        for number, file in enumerate(files):
            if number % 200 == 0:
                told(number)
            try:
                if (unread := self._small(file)) is not None:
                    large.append(unread)
            except OSError as error:
                self._refuse(file.uri, error)
        self._close_part()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for file, found in zip(large, pool.map(self._large, large), strict=True):
                if isinstance(found, OSError):
                    self._refuse(file.uri, found)
                elif isinstance(found, RefusedFile):
                    self.refused.append(found)
                else:
                    self._note(*found)

    # Identity

    def _known(self, file: LandedFile) -> LandedFile | None:
        """The file with its etag, when its stamp or its listing tells it."""
        for version in self.ledger.known(file.uri):
            if version.stamp and version.stamp == file.stamp and not self._again:
                return file._replace(etag=version.etag)
        return None

    def _small(self, file: LandedFile) -> LandedFile | None:
        """Takes in a small file; returns one that is large or packed, for others."""
        path = _path(file)
        if file.etag is None and any(self.ledger.known(file.uri)):
            file = local.seen(file, path.lstat())
            if known := self._known(file):
                self.files.append(known)
                return None
        descriptor = local.opened(path)
        try:
            status = os.fstat(descriptor)
            content = os.read(descriptor, SMALL + 1)
        finally:
            os.close(descriptor)
        is_packed = content.startswith(_GZIP) or file.uri.lower().endswith(".gz")
        if len(content) > SMALL or is_packed:
            return file
        file = self._identified(file, status, hashlib.sha256(content).hexdigest())
        if self._is_known_content(file):
            return None
        if content.startswith(_UTF16):
            self.refused.append(_utf16(file.uri))
        else:
            self.files.append(file)
            self._route(file.uri, path, content, local.stamp_of(status))
        return None

    def _route(self, uri: str, path: Path, content: bytes, stamp: str) -> None:
        """Joins a file whose every line begins an object; others need a close look."""
        lines = content.split(b"\n")
        if not lines[-1]:
            lines.pop()
        clean = all(line.startswith(b"{") for line in lines)
        if clean and self.is_loading:
            self._join(uri, lines)
        route = "joined" if clean else "careful"
        self.taken[uri] = Taken(path, len(lines), route, path, stamp)

    def _identified(
        self, file: LandedFile, status: os.stat_result, digest: str
    ) -> LandedFile:
        """The file with what was seen when its bytes were read."""
        if file.etag is not None:  # S3 tells itself; the bytes are a copy of ours
            return file
        return file._replace(
            size=status.st_size,
            modified_at=status.st_mtime,
            stamp=local.lasting_stamp(status, self._now),
            etag=digest,
        )

    def _is_known_content(self, file: LandedFile) -> bool:
        for version in self.ledger.known(file.uri):
            if version.etag == file.etag and not self._again:
                self.files.append(file)
                return True
        return False

    def _refuse(self, uri: str, error: OSError) -> None:
        reason = "permission" if isinstance(error, PermissionError) else "unreadable"
        told = f"it cannot be read: {error.strerror}"
        self.refused.append(RefusedFile(uri, reason, told))

    # Small files are joined

    def _join(self, uri: str, lines: list[bytes]) -> None:
        """Adds the lines to a part, their file and number in front of each."""
        if not self._uris and lines:
            self._learn(lines[0])
        head = b'{"_source_uri":' + dumps(uri).encode() + b',"_line":'
        self._lines.extend(
            b"%s%d,%s" % (head, number, line[1:])
            for number, line in enumerate(lines, start=1)
        )
        self._uris.append(uri)
        self._size += sum(map(len, lines))
        if self._size > PART:
            self._close_part()

    def _close_part(self) -> None:
        if self._uris:
            path = self._folder / f"joined-{len(self.parts)}.ndjson"
            path.write_bytes(b"\n".join(self._lines))
            self.parts.append((path, self._uris))
            self._lines, self._uris, self._size = [], [], 0

    def _learn(self, line: bytes) -> None:
        """Remembers the order of the keys in a line."""
        if len(self.orders) < ORDERS and (order := key_order(self.table, line)):
            self.orders.setdefault(order)

    # Large files stay where they are

    def _large(
        self, file: LandedFile
    ) -> tuple[LandedFile, Taken, bytes] | RefusedFile | OSError:
        """Reads a large or packed file; runs beside others."""
        try:
            return self._read_large(file)
        except OSError as error:
            return error

    def _read_large(
        self, file: LandedFile
    ) -> tuple[LandedFile, Taken, bytes] | RefusedFile:
        path = _path(file)
        descriptor = local.opened(path)
        try:
            status = os.fstat(descriptor)
            digest, scan = hashlib.sha256(), Scan()
            for block in local.blocks(descriptor):
                digest.update(block)
                scan.look(block)
        finally:
            os.close(descriptor)
        if local.stamp_of(path.lstat()) != local.stamp_of(status):
            raise changed(file.uri)
        file = self._identified(file, status, digest.hexdigest())
        packed = scan.head.startswith(_GZIP)
        if file.uri.lower().endswith(".gz") and not packed:
            return RefusedFile(
                file.uri, "not_gzip", "its name says gzip, its bytes not"
            )
        if packed and self.is_loading:
            path = (
                self._folder / f"{hashlib.sha256(file.uri.encode()).hexdigest()}.json"
            )
            try:
                scan = _unpack(_path(file), path)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                return RefusedFile(
                    file.uri, "bad_gzip", f"it cannot be unpacked: {error}"
                )
        if scan.head.startswith(_UTF16):
            return _utf16(file.uri)
        careful = scan.longest > LONGEST_OBJECT or scan.head.startswith(_BOM)
        route = "careful" if careful else "whole"
        taken = Taken(path, scan.lines, route, _path(file), local.stamp_of(status))
        return file, taken, scan.head.split(b"\n")[0]

    def _note(self, file: LandedFile, taken: Taken, first: bytes) -> None:
        if not self._is_known_content(file):
            self.files.append(file)
            self.taken[file.uri] = taken
            self._learn(first)


class Scan:
    """What one pass over a file's blocks tells: lines, the longest, the beginning."""

    def __init__(self) -> None:
        self.head = b""
        self.longest = 0
        self._ends = 0
        self._open = 0  # bytes since the last end of a line

    @property
    def lines(self) -> int:
        """Lines, the last one with or without an end."""
        return self._ends + (self._open > 0)

    def look(self, block: bytes) -> None:
        """Takes the next block; lines inside a block are no longer than the block."""
        if not self.head:
            self.head = block[: 1 << 16]
        first = block.find(b"\n")
        if first < 0:
            self._open += len(block)
        else:
            self.longest = max(self.longest, self._open + first)
            self._open = len(block) - block.rfind(b"\n") - 1
            self._ends += block.count(b"\n")
        self.longest = max(self.longest, self._open)


def _unpack(packed: Path, path: Path) -> Scan:
    scan = Scan()
    with gzip.open(packed) as source, path.open("wb") as target:
        while block := source.read(1 << 20):
            scan.look(block)
            target.write(block)
    return scan


def _stamp(path: Path) -> str:
    return local.stamp_of(path.lstat())


def _path(file: LandedFile) -> Path:
    if file.path is None:
        raise LoadError(f"{file.uri} was not fetched.")
    return file.path


def _utf16(uri: str) -> RefusedFile:
    return RefusedFile(uri, "utf16", "it is UTF-16: save it as UTF-8")


def changed(uri: str) -> LoadError:
    """The error of a file that somebody writes to while it is loaded."""
    return LoadError(
        f"{uri} changed while it was read, so nothing was loaded. Run the load again "
        "when nobody writes to it."
    )
