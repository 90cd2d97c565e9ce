"""Raw files on their way in: identified, unpacked, and put where an engine reads them.

Every byte is read once here: the same pass that identifies a file's content counts its
lines and tells whether each is a clean row. Small files are joined, because opening
15,000 of them costs an engine ten times what reading their bytes does; large ones stay
where they are.
"""

import errno
import gzip
import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import orjson

from infra.errors import LoadError
from infra.landing import folder as local
from infra.landing.files import LandedFile, RefusedFile
from infra.loading.inspection import Inspected, inspected
from infra.loading.ledger import Ledger
from infra.loading.raw_schema import RawTable
from infra.loading.strict import Strict

SMALL = 1 << 20  # bytes; a larger file is worth being opened by the engine itself
PART = 64 << 20  # bytes of joined files in one part

_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{")

Told = Callable[[int], None]


JOINED, WHOLE, CAREFUL = "joined", "whole", "careful"


class Place(NamedTuple):
    """Where an intake works: in a project, on files whose paths start with `base`.

    `folder` takes what is unpacked and joined; without one nothing is written.
    """

    root: Path
    base: str
    folder: Path | None = None


class Taken(NamedTuple):
    """A file whose content was read: what of it an engine needs.

    `path` holds its lines, unpacked. `route` is joined (its rows are in a part), whole
    (the engine may read `path`) or careful (some line is not a clean row). `lines`
    counts the clean rows of the other routes. `stamp` is that of `source`, the raw file
    itself, when it was read.
    """

    path: str
    lines: int
    route: str
    source: str
    stamp: str

    def is_unchanged(self) -> bool:
        """Whether the raw file is still the one that was read."""
        try:
            return _stamp(self.source) == self.stamp
        except OSError:
            return False


class Intake:
    """Takes in the raw files of one table; without a folder it only identifies them."""

    def __init__(self, place: Place, table: RawTable, ledger: Ledger) -> None:
        self._root = place.root
        self._base = place.base
        self._strict = Strict(table)
        self.table = table
        self.ledger = ledger
        self.files: list[LandedFile] = []
        self.refused: list[RefusedFile] = []
        self.taken: dict[str, Taken] = {}
        self.parts: list[tuple[Path, list[str]]] = []
        self._folder = place.folder or Path()
        self.is_loading = place.folder is not None
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
        self._take_large(large)

    # Identity

    def _known(self, file: LandedFile) -> LandedFile | None:
        """The file with its etag, when its stamp or its listing tells it."""
        for version in self.ledger.known(file.uri):
            if version.stamp and version.stamp == file.stamp and not self._again:
                return file._replace(etag=version.etag)
        return None

    def _small(self, file: LandedFile) -> LandedFile | None:
        """Takes in a small file; returns one that is large or packed, for others."""
        path = self._path(file)
        if file.etag is None and self.ledger.knows(file.uri):
            file = local.seen(file, os.lstat(path))
            if known := self._known(file):
                self.files.append(known)
                return None
        descriptor = local.opened(path)
        try:
            status = os.fstat(descriptor)
            if status.st_size > SMALL:
                return file
            content = os.read(descriptor, status.st_size + 1)
        finally:
            os.close(descriptor)
        is_packed = content.startswith(_GZIP) or file.uri.lower().endswith(".gz")
        # A file may grow, a file system give less: the large are read until the end
        if len(content) != status.st_size or is_packed:
            return file
        file = self._identified(
            file,
            size=status.st_size,
            modified_at=status.st_mtime,
            stamp=local.lasting_stamp(status, self._now),
            etag=hashlib.sha256(content).hexdigest(),
        )
        if self.ledger.knows(file.uri) and self._is_known_content(file):
            return None
        if content.startswith(_UTF16):
            self.refused.append(_utf16(file.uri))
        else:
            self.files.append(file)
            self._route(file.uri, path, content, local.stamp_of(status))
        return None

    def _route(self, uri: str, path: str, content: bytes, stamp: str) -> None:
        """Joins a file that is nothing but clean rows; others need a close look."""
        lines = content.split(b"\n")
        if not lines[-1]:
            lines.pop()
        clean = self._strict.is_clean(content, lines)
        if clean and self.is_loading:
            self._join(uri, lines)
        route = JOINED if clean else CAREFUL
        self.taken[uri] = Taken(path, len(lines), route, path, stamp)

    def _identified(
        self,
        file: LandedFile,
        *,
        size: int,
        modified_at: float,
        stamp: str,
        etag: str,
    ) -> LandedFile:
        """The file with what was seen when its bytes were read."""
        if file.etag is not None:  # S3 tells itself; the bytes are a copy of ours
            return file
        return file._replace(size=size, modified_at=modified_at, stamp=stamp, etag=etag)

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

    def _path(self, file: LandedFile) -> str:
        """Where the bytes are on this machine."""
        return self._base + file.uri if file.path is None else str(file.path)

    # Small files are joined

    def _join(self, uri: str, lines: list[bytes]) -> None:
        """Adds the lines to a part, their file and number in front of each."""
        head = b'{"_source_uri":' + orjson.dumps(uri) + b',"_line":'
        for number, line in enumerate(lines, start=1):
            self._lines.append(b"%s%d,%s" % (head, number, line.lstrip()[1:]))
        self._uris.append(uri)
        self._size += sum(map(len, lines))
        if self._size > PART:
            self._close_part()

    def _close_part(self) -> None:
        if self._uris:
            name = f"{self.table.name}.joined-{len(self.parts)}.ndjson"
            path = self._folder / name
            path.write_bytes(b"\n".join(self._lines))
            self.parts.append((path, self._uris))
            self._lines, self._uris, self._size = [], [], 0

    # Large files stay where they are

    def _take_large(self, files: list[LandedFile]) -> None:
        """Reads large and packed files, side by side, and what was packed in them."""
        packed: list[tuple[LandedFile, Inspected]] = []
        paths = [self._path(file) for file in files]
        answers = inspected(self._root, self.table, paths, self._now)
        for file, found in zip(files, answers, strict=True):
            if isinstance(found, OSError):
                self._refuse(file.uri, found)
            elif found.stamp is None:
                raise changed(file.uri)
            elif bytes.fromhex(found.head).startswith(_GZIP):
                packed.append((file, found))
            elif file.uri.lower().endswith(".gz"):
                told = "its name says gzip, its bytes do not"
                self.refused.append(RefusedFile(file.uri, "not_gzip", told))
            else:
                self._note(file, found, self._path(file), found)
        for file, found in packed:
            self._take_packed(file, found)

    def _take_packed(self, file: LandedFile, found: Inspected) -> None:
        """Unpacks a file, which may be anything inside but packed again."""
        name = hashlib.sha256(file.uri.encode()).hexdigest()
        path = self._folder / f"{name}.json" if self.is_loading else None
        try:
            _unpack(self._path(file), path)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            told = f"it cannot be unpacked: {error}"
            self.refused.append(RefusedFile(file.uri, "bad_gzip", told))
            return
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                raise
            self._refuse(file.uri, error)
            return
        inside = found
        if path:
            (answer,) = inspected(self._root, self.table, [str(path)], self._now)
            if isinstance(answer, OSError):
                raise answer
            inside = answer
        self._note(file, found, str(path or self._path(file)), inside)

    def _note(
        self, file: LandedFile, found: Inspected, path: str, inside: Inspected
    ) -> None:
        """Takes in a file; `inside` is what was found of its lines in `path`."""
        if bytes.fromhex(inside.head).startswith(_UTF16):
            self.refused.append(_utf16(file.uri))
            return
        file = self._identified(
            file,
            size=found.size,
            modified_at=found.modified_at,
            stamp=found.lasting_stamp,
            etag=found.digest,
        )
        if not self._is_known_content(file):
            self.files.append(file)
            route = WHOLE if inside.is_clean else CAREFUL
            self.taken[file.uri] = Taken(
                path, inside.lines, route, self._path(file), found.stamp or ""
            )


def _unpack(packed: str, path: Path | None) -> None:
    """Unpacks a file into another, or only tries to."""
    target_path = path or Path(os.devnull)
    with gzip.open(packed) as source, target_path.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(block)


def _stamp(path: str) -> str:
    return local.stamp_of(Path(path).lstat())


def _utf16(uri: str) -> RefusedFile:
    return RefusedFile(uri, "utf16", "it is UTF-16: save it as UTF-8")


def changed(uri: str) -> LoadError:
    """The error of a file that somebody writes to while it is loaded."""
    return LoadError(
        f"{uri} changed while it was read, so nothing was loaded. Run the load again "
        "when nobody writes to it."
    )
