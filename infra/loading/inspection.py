"""One pass over the bytes of raw files, in as many processes as there are cores.

    python -m infra.loading.inspection PROJECT NOW

is a worker: it reads a `Request` a line and answers each with an `Answer`. Python
decodes on one core at a time, so each core has a worker of its own.
"""

import errno
import gc
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

import msgspec

from infra.landing import folder as local
from infra.loading.lines import LIMIT
from infra.loading.raw_schema import RawTable, raw_tables
from infra.loading.small import Limits, Reader, Seen
from infra.loading.strict import Strict

WORTH_A_WORKER = 32 << 20  # bytes; starting a process takes as long as reading these
BLOCK = 1 << 20
HEAD = 4


class Inspected(msgspec.Struct):
    """What one pass tells of a file.

    `digest` is the sha256 of its bytes, `lines` counts them, the last one with or
    without an end. `stamp` is that of the file before and after; None if these differ.
    `head` is its first bytes in hexadecimal. `is_clean` says that an engine may read it
    unseen.
    """

    digest: str
    size: int
    modified_at: float
    stamp: str | None
    lasting_stamp: str
    lines: int
    head: str
    is_clean: bool


class Chunk(msgspec.Struct):
    """Small files below `base`, by uri; their clean rows go to `part`, if given."""

    base: str
    uris: list[str]
    part: str | None
    limits: Limits


class Request(msgspec.Struct):
    """A large file for a worker to look at, or small ones to read."""

    table: str
    path: str = ""
    chunk: Chunk | None = None


class Answer(msgspec.Struct):
    """What a worker found, or the error that kept it from it."""

    inspected: Inspected | None = None
    seen: Seen | None = None
    errno: int = 0


def inspect(path: str, strict: Strict, now: int) -> Inspected:
    """Reads a file once. Raises OSError when it cannot be read."""
    descriptor, status = local.opened(path)
    try:
        digest, text = hashlib.sha256(), Text(strict)
        for block in local.blocks(descriptor, BLOCK):
            digest.update(block)
            text.look(block)
    finally:
        os.close(descriptor)
    text.end()
    unchanged = local.stamp_of(Path(path).lstat()) == local.stamp_of(status)
    return Inspected(
        digest=digest.hexdigest(),
        size=status.st_size,
        modified_at=status.st_mtime,
        stamp=local.stamp_of(status) if unchanged else None,
        lasting_stamp=local.lasting_stamp(status, now),
        lines=text.lines,
        head=text.head.hex(),
        is_clean=text.is_clean,
    )


class Text:
    """Lines that come in blocks, checked as long as they are clean."""

    def __init__(self, strict: Strict) -> None:
        self.lines = 0
        self.head = b""
        self.is_clean = True
        self._strict = strict
        self._open = b""  # a line that has no end yet

    def look(self, block: bytes) -> None:
        """Takes the next block."""
        self.head = self.head or block[:HEAD]
        if not self.is_clean:
            return
        text, end, rest = block.rpartition(b"\n")
        if end:
            self._check(self._open + text)
            self._open = rest
        else:
            self._open += rest
        if len(self._open) > LIMIT:  # no row is so long
            self.is_clean = False

    def end(self) -> None:
        """Takes the end of the file: the last line needs none."""
        if self._open and self.is_clean:
            self._check(self._open)

    def _check(self, text: bytes) -> None:
        lines = text.split(b"\n")
        self.lines += len(lines)
        self.is_clean = self._strict.is_clean(text, lines)


def inspected(
    project: Path, table: RawTable, paths: Sequence[str], now: int
) -> Iterator[Inspected | OSError]:
    """Looks at files, in their order, here or in workers where that is worth it."""
    sizes = sum(_size(path) for path in paths)
    if sizes < WORTH_A_WORKER or len(paths) < 2:
        strict = Strict(table)
        for path in paths:
            try:
                yield inspect(path, strict, now)
            except OSError as error:
                yield error
        return
    with Workers(project, min(os.cpu_count() or 1, len(paths)), now) as workers:
        yield from workers.inspected(table, paths)


def _size(path: str) -> int:
    try:
        return Path(path).lstat().st_size
    except OSError:
        return 0


class Workers:
    """Processes that look at files; they end with the block, or with their parent."""

    def __init__(self, project: Path, count: int, now: int) -> None:
        command = [sys.executable, "-m", __name__, str(project), str(now)]
        self._processes = [
            subprocess.Popen(
                command,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for who started them
            )
            for _ in range(count)
        ]
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)

    def __enter__(self) -> "Workers":
        """Starts nothing: the processes are there."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes: their requests are over."""
        for process in self._processes:
            process.terminate()
            process.communicate()

    def inspected(
        self, table: RawTable, paths: Sequence[str]
    ) -> Iterator[Inspected | OSError]:
        """What the processes tell of the files, in the files' order."""
        requests = [Request(table.name, path) for path in paths]
        for path, answer in zip(paths, self._answers(requests), strict=True):
            yield answer.inspected or _error(answer, path)

    def read(self, table: RawTable, chunks: Sequence[Chunk]) -> Iterator[Seen]:
        """What the processes see of small files, in the chunks' order.

        Raises OSError when a part cannot be written.
        """
        requests = [Request(table.name, chunk=chunk) for chunk in chunks]
        for chunk, answer in zip(chunks, self._answers(requests), strict=True):
            if answer.seen is None:
                raise _error(answer, chunk.part or "")
            yield answer.seen

    def _answers(self, requests: Sequence[Request]) -> Iterator[Answer]:
        with ThreadPoolExecutor(len(self._processes)) as threads:
            try:
                yield from threads.map(self._ask, requests)
            except BaseException:
                for process in self._processes:
                    process.terminate()  # the threads wait for their answers
                raise

    def _ask(self, request: Request) -> Answer:
        process = self._idle.get()
        try:
            if process.stdin is None or process.stdout is None:
                raise ChildProcessError(0, "a worker has no pipes")
            process.stdin.write(msgspec.json.encode(request) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            self._idle.put(process)
        if not line:
            raise ChildProcessError(0, "a process that reads raw files ended")
        return msgspec.json.decode(line, type=Answer)


def _error(answer: Answer, path: str) -> OSError:
    return OSError(answer.errno, os.strerror(answer.errno), path)


def work(project: Path, now: int, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until there are no more."""
    stricts = {table.name: Strict(table) for table in raw_tables(project)}
    for line in requests:
        request = msgspec.json.decode(line, type=Request)
        strict = stricts[request.table]
        try:
            if chunk := request.chunk:
                files = ((uri, chunk.base + uri) for uri in chunk.uris)
                seen = Reader(strict, chunk.limits, now).read(files, chunk.part)
                answer = Answer(seen=seen)
            else:
                answer = Answer(inspected=inspect(request.path, strict, now))
        except OSError as error:
            answer = Answer(errno=error.errno or errno.EIO)
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


if __name__ == "__main__":
    gc.disable()  # there are no reference cycles, but many small objects
    if hasattr(signal, "SIGPIPE"):  # nobody waits for an answer any more: no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    work(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
