"""The lines of a raw file, read without ever holding more than a few `LIMIT` of it."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

LIMIT = 4 * 1024 * 1024  # the longest object that Redshift's COPY takes
HEAD = 64 * 1024  # as much of a line of more than LIMIT is kept
BLANK = b" \t\r\n\x0b\x0c"

_CHUNK = 256 * 1024
_BOM = b"\xef\xbb\xbf"


class Lines:
    """The lines of a stream without their ends; lines can be given back.

    `number` is the last line's, from 1. A line of more than LIMIT comes as its
    beginning, filled up with blanks so that it is still longer than LIMIT.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.number = 0
        self.arrays_from = 0  # on lines before this one no array starts
        self._fresh = _split(_chunks(stream))
        self._returned: list[Iterator[bytes]] = []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while self._returned:
            line = next(self._returned[-1], None)
            if line is not None:
                self.number += 1
                return line
            self._returned.pop()
        line = next(self._fresh)
        self.number += 1
        return line

    def give_back(self, number: int, *lines: Iterable[bytes]) -> None:
        """The next line will be the first of these, and have this number."""
        self.number = number - 1
        self._returned.extend(iter(each) for each in reversed(lines))


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in pieces, without its BOM, every line end made a line feed."""
    held = b""
    while len(held) < len(_BOM) and (start := stream.read(len(_BOM) - len(held))):
        held += start
    held = held.removeprefix(_BOM)
    while read := stream.read(_CHUNK):
        chunk = held + read
        held = b"\r" if chunk.endswith(b"\r") else b""  # its line feed may follow
        yield _with_line_feeds(chunk.removesuffix(held))
    yield _with_line_feeds(held)


def _with_line_feeds(chunk: bytes) -> bytes:
    if b"\r" not in chunk:
        return chunk
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unfinished = _Unfinished()
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        unfinished.add(first)
        if lines:
            yield unfinished.take()
            unfinished.add(lines.pop())
            yield from lines
    if last := unfinished.take():
        yield last


class _Unfinished:
    """A line whose end was not seen yet; leading blanks are counted, not kept."""

    def __init__(self) -> None:
        self._kept, self._size = bytearray(), 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if not self._kept:
            piece = piece.lstrip(BLANK)
        self._kept += piece[: LIMIT + 1 - len(self._kept)]

    def take(self) -> bytes:
        line = bytes(self._kept)
        if line and self._size > LIMIT:
            line = line[:HEAD].ljust(LIMIT + 1)
        self._kept, self._size = bytearray(), 0
        return line
