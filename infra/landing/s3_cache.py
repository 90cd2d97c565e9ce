"""Objects of a bucket as files on this machine, each downloaded once.

A cached object lies under a hash of its address and ETag, so no character of a key
matters, and an object that was replaced in S3 is another file here.
"""

from __future__ import annotations

import errno
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

from infra.console import Bar
from infra.errors import LandingError
from infra.landing.files import LandedFile
from infra.landing.s3 import THREADS, Bucket
from infra.landing.s3_faults import Request, told

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

ATTEMPTS = 3  # at a body that breaks off or is damaged; boto repeats what S3 refuses
CHUNK_BYTES = 1024 * 1024
GRACE_SECONDS = 2.0  # for threads that are told to stop; they die with the process

_MD5 = re.compile(r"[0-9a-f]{32}")
_OURS = re.compile(r"[0-9a-f]{62}(\.[0-9a-f]{32}\.partial)?")

Work = Callable[[LandedFile, threading.Event], None]
Tried = tuple[LandedFile, BaseException | None]


class _DamagedError(Exception):
    """The bytes that came are not those that were listed; the text says how."""


class _StoppedError(Exception):
    """Another download failed, or a person wants the load to end."""


def fetch(
    client: S3Client,
    bucket: Bucket,
    files: Sequence[LandedFile],
    cache: Path,
    bar: Bar,
) -> list[LandedFile]:
    """The same files with `path` set; downloads those that `cache` does not hold.

    A killed run goes on where it stopped: a file gets its name in the cache when it is
    whole. The first failure ends all downloads; what was downloaded stays. That a
    cached file was altered shows by its size only.
    """
    absent = [file for file in files if not _is_cached(cache, file)]
    cached = len(files) - len(absent)

    def work(file: LandedFile, stop: threading.Event) -> None:
        _download(client, bucket, file, _place(cache, file), stop)

    bar.update(cached, len(files), "Fetching objects")
    with _in_threads(work, absent) as all_tried:
        for done, (file, error) in enumerate(all_tried, start=cached + 1):
            if error is not None:
                request = Request(client, "s3:GetObject", bucket.name, file.uri)
                _fail(error, request, cache)
            bar.update(done, len(files))
    return [file._replace(path=_place(cache, file)) for file in files]


def prune(cache: Path, files: Sequence[LandedFile]) -> int:
    """Removes cached objects that are none of `files`, and what killed runs left.

    `files` are those of all folders that share the cache, fetched or only listed. No
    other process may be fetching into it meanwhile. Returns how many objects went.
    """
    kept = {_place(cache, file) for file in files}
    pruned = 0
    for path in cache.glob("[0-9a-f]/[0-9a-f]/*"):
        if path not in kept and _OURS.fullmatch(path.name):
            path.unlink(missing_ok=True)
            pruned += path.suffix != ".partial"
    return pruned


def _place(cache: Path, file: LandedFile) -> Path:
    """Where an object lies: in two levels of 16 folders, by a hash."""
    name = hashlib.sha256(f"{file.uri}\0{file.etag}".encode()).hexdigest()
    return cache / name[0] / name[1] / name[2:]


def _is_cached(cache: Path, file: LandedFile) -> bool:
    try:
        return _place(cache, file).stat().st_size == file.size
    except OSError:
        return False


@contextmanager
def _in_threads(work: Work, files: Sequence[LandedFile]) -> Iterator[Iterator[Tried]]:
    """Yields each file when its work is done, with the error that it ended in.

    The first error, or leaving the block, stops the rest. The threads are daemons, so
    that neither waits for a server that hangs; those of an executor would be joined.
    """
    todo: SimpleQueue[LandedFile] = SimpleQueue()
    tried: SimpleQueue[Tried] = SimpleQueue()
    stop = threading.Event()
    for file in files:
        todo.put(file)

    def run() -> None:
        while not stop.is_set():
            try:
                file = todo.get_nowait()
            except Empty:
                return
            try:
                work(file, stop)
            except BaseException as error:  # noqa: BLE001 - the main thread raises it
                tried.put((file, error))
                stop.set()
            else:
                tried.put((file, None))

    count = min(THREADS, len(files))
    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield (tried.get() for _ in files)
    finally:
        stop.set()
        end = time.monotonic() + GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


def _download(
    client: S3Client,
    bucket: Bucket,
    file: LandedFile,
    path: Path,
    stop: threading.Event,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    etag, _, _ = (file.etag or "").rpartition("-")
    for attempt in range(1, ATTEMPTS + 1):
        answer = client.get_object(
            Bucket=bucket.name, Key=bucket.key(file.uri), IfMatch=f'"{etag}"'
        )
        md5 = etag if _is_md5(etag, bucket, answer) else None
        partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
        try:
            _write(answer["Body"], partial, file.size, md5, stop)
            partial.replace(path)
        except _DamagedError:
            if attempt == ATTEMPTS:
                raise
        else:
            return
        finally:
            partial.unlink(missing_ok=True)


def _write(
    body: StreamingBody,
    partial: Path,
    size: int,
    md5: str | None,
    stop: threading.Event,
) -> None:
    """Writes a body and checks it: its size, and its MD5 where that is known."""
    written, digest = 0, hashlib.md5(usedforsecurity=False)
    with closing(body), partial.open("xb") as target:
        for chunk in _chunks(body):
            if stop.is_set():
                raise _StoppedError
            target.write(chunk)
            digest.update(chunk)
            written += len(chunk)
    if written != size:
        raise _DamagedError(f"{written:,} bytes came instead of {size:,}")
    if md5 is not None and digest.hexdigest() != md5:
        raise _DamagedError("its MD5 is not the one that was listed")


def _chunks(body: StreamingBody) -> Iterator[bytes]:
    """The body in pieces; boto checks its checksum, where S3 keeps one, at the end."""
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    try:
        yield from body.iter_chunks(CHUNK_BYTES)
    except (BotoCoreError, HTTPError, OSError) as error:
        raise _DamagedError(f"reading it ended in {type(error).__name__}") from error


def _is_md5(etag: str, bucket: Bucket, answer: GetObjectOutputTypeDef) -> bool:
    """Whether an ETag is an MD5: not of parts, nor encrypted, nor in S3 Express."""
    return (
        _MD5.fullmatch(etag) is not None
        and not answer.get("ServerSideEncryption", "").startswith("aws:kms")
        and not answer.get("SSECustomerAlgorithm")
        and not bucket.name.endswith("--x-s3")
    )


def _fail(error: BaseException, request: Request, cache: Path) -> NoReturn:
    """Raises what ended a download as a sentence; a bug stays what it is."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, BotoCoreError | ClientError):  # some of them are OSErrors too
        raise told(error, request) from error
    if isinstance(error, _DamagedError):
        raise LandingError(
            f"{request.uri} arrived damaged {ATTEMPTS} times: {error}. Run the load "
            "again; what was downloaded is kept."
        ) from error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise LandingError(
            f"There is no space left for the objects of S3 in {cache}; free some and "
            "run the load again: what was downloaded is kept."
        ) from error
    if isinstance(error, OSError):
        raise LandingError(
            f"{error.filename or cache} cannot be written: {error.strerror or error}. "
            "Mend it and run the load again."
        ) from error
    raise error
