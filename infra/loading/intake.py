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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.errors import LoadError
from infra.landing import folder as local
from infra.landing.files import LandedFile, RefusedFile
from infra.loading.inspection import Chunk, Inspected, Workers, inspected
from infra.loading.ledger import Ledger
from infra.loading.raw_schema import RawTable
from infra.loading.small import GZIP, UTF16, Limits, Reader, Seen
from infra.loading.strict import Strict

SMALL = 1 << 20  # bytes; a larger file is worth being opened by the engine itself
PART = 8 << 20  # bytes of joined rows that are held before they are written
CHUNK = 2000  # small files that are joined into one part
WORTH_WORKERS = 30_000  # small files; processes start in the time that half take

Told = Callable[[int], None]


JOINED, WHOLE, CAREFUL = "joined", "whole", "careful"


class Place(NamedTuple):
    """Where an intake works: in a project, on files whose paths start with `base`.

    `folder` takes what is unpacked and joined; without one nothing is written. Objects
    of `least_direct` bytes and more do not come here, if they are as they should be.
    """

    root: Path
    base: str
    folder: Path | None = None
    least_direct: int | None = None


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
        self.parts: list[Path] = []
        self._folder = place.folder or Path()
        self.is_loading = place.folder is not None
        self.least_direct = place.least_direct
        self._now = time.time_ns()
        self._again = False

    def take(
        self, files: Sequence[LandedFile], told: Told, *, again: bool = False
    ) -> None:
        """Identifies all files and takes in those the ledger does not know.

        `told` hears how many are done. `again` takes in those it knows too. A file that
        cannot be read is refused.
        """
        self._again = again
        unread, large = [], list[LandedFile]()
        for file in files:
            try:
                if not self._is_spared(file):
                    unread.append(file)
            except OSError as error:
                self._refuse(file.uri, error)
        done = len(files) - len(unread)
        told(done)
        for chunk, seen in self._read(unread):
            self._take_in(chunk, seen)
            large += [chunk[at] for at in seen.left]
            told(done := done + len(chunk))
        self._take_large(large)

    # Identity

    def _is_spared(self, file: LandedFile) -> bool:
        """Whether a file need not be read: its stamp is known. Notes it then."""
        if file.etag is not None or not self.ledger.knows(file.uri):
            return False
        file = local.seen(file, os.lstat(self._path(file)))
        for version in self.ledger.known(file.uri):
            if version.stamp and version.stamp == file.stamp and not self._again:
                self.files.append(file._replace(etag=version.etag))
                return True
        return False

    def _is_known(self, uri: str, etag: str) -> bool:
        """Whether the ledger knows the file with this content."""
        return not self._again and any(
            version.etag == etag for version in self.ledger.known(uri)
        )

    def _refuse(self, uri: str, error: OSError) -> None:
        reason = "permission" if isinstance(error, PermissionError) else "unreadable"
        told = f"it cannot be read: {error.strerror}"
        self.refused.append(RefusedFile(uri, reason, told))

    def _path(self, file: LandedFile) -> str:
        """Where the bytes are on this machine."""
        return self._base + file.uri if file.path is None else str(file.path)

    # Small files are joined

    def _read(self, files: list[LandedFile]) -> Iterator[tuple[list[LandedFile], Seen]]:
        """Reads files in chunks; many that nothing is known of, in other processes."""
        limits = Limits(SMALL, PART)
        unknown: list[LandedFile] = []
        others: list[LandedFile] = []
        for file in files:
            is_other = file.path is not None or self.ledger.knows(file.uri)
            (others if is_other else unknown).append(file)
        if len(unknown) < WORTH_WORKERS:
            others, unknown = files, []
        if chunks := list(_chunks(unknown)):
            wanted = [
                Chunk(self._base, [file.uri for file in chunk], self._part(), limits)
                for chunk in chunks
            ]
            with Workers(self._root, os.cpu_count() or 1, self._now) as workers:
                yield from zip(chunks, workers.read(self.table, wanted), strict=True)
        reader = Reader(self._strict, limits, self._now)
        for chunk in _chunks(others):
            pairs = ((file.uri, self._path(file)) for file in chunk)
            yield chunk, reader.read(pairs, self._part(), self._is_known)

    def _part(self) -> str | None:
        """A new file for joined rows."""
        if not self.is_loading:
            return None
        part = self._folder / f"{self.table.name}.joined-{len(self.parts)}.ndjson"
        self.parts.append(part)
        return str(part)

    def _take_in(self, files: list[LandedFile], seen: Seen) -> None:
        """Takes in what was seen of small files."""
        encoded, known = set(seen.utf16), set(seen.known)
        careful = set(seen.careful)
        for at, digest, size, modified_at, stamp, is_lasting, lines in zip(
            *(seen.files, seen.digests, seen.sizes, seen.modified),
            *(seen.stamps, seen.lasting, seen.lines),
            strict=True,
        ):
            file = files[at]
            uri = file.uri
            if at in encoded:
                self.refused.append(utf16(uri))
                continue
            if file.etag is None:  # S3 tells itself; the bytes are a copy of ours
                lasting = stamp if is_lasting else local.UNSEEN
                file = LandedFile(uri, size, modified_at, lasting, digest)
            self.files.append(file)
            if at not in known:
                path = self._path(file)
                route = CAREFUL if at in careful else JOINED
                self.taken[uri] = Taken(path, lines, route, path, stamp)
        for at, number in seen.failed.items():
            self._refuse(files[at].uri, OSError(number, os.strerror(number)))

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
            elif bytes.fromhex(found.head).startswith(GZIP):
                packed.append((file, found))
            elif file.uri.lower().endswith(".gz"):
                self.refused.append(not_gzip(file.uri))
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
            self.refused.append(bad_gzip(file.uri, error))
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
        if bytes.fromhex(inside.head).startswith(UTF16):
            self.refused.append(utf16(file.uri))
            return
        if file.etag is None:  # as above
            size, modified_at = found.size, found.modified_at
            stamp, etag = found.lasting_stamp, found.digest
            file = LandedFile(file.uri, size, modified_at, stamp, etag)
        self.files.append(file)
        if not self._is_known(file.uri, file.etag or ""):
            route = WHOLE if inside.is_clean else CAREFUL
            self.taken[file.uri] = Taken(
                path, inside.lines, route, self._path(file), found.stamp or ""
            )


def _chunks(files: list[LandedFile]) -> Iterator[list[LandedFile]]:
    for start in range(0, len(files), CHUNK):
        yield files[start : start + CHUNK]


def _unpack(packed: str, path: Path | None) -> None:
    """Unpacks a file into another, or only tries to."""
    target_path = path or Path(os.devnull)
    with gzip.open(packed) as source, target_path.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(block)


def _stamp(path: str) -> str:
    return local.stamp_of(Path(path).lstat())


def utf16(uri: str) -> RefusedFile:
    """The refusal of a file in another encoding."""
    return RefusedFile(uri, "utf16", "it is UTF-16: save it as UTF-8")


def not_gzip(uri: str) -> RefusedFile:
    """The refusal of a file that is not what its name says."""
    return RefusedFile(uri, "not_gzip", "its name says gzip, its bytes do not")


def bad_gzip(uri: str, error: Exception) -> RefusedFile:
    """The refusal of a file that begins as gzip and does not go on so."""
    return RefusedFile(uri, "bad_gzip", f"it cannot be unpacked: {error}")


def changed(uri: str) -> LoadError:
    """The error of a file that somebody writes to while it is loaded."""
    return LoadError(
        f"{uri} changed while it was read, so nothing was loaded. Run the load again "
        "when nobody writes to it."
    )
