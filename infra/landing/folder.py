"""Raw files in a folder on this machine."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from infra.errors import LandingError
from infra.landing.files import LandedFile, Listing, RefusedFile

SUFFIXES = (".json", ".json.gz")

# Of a file that changed so short a time ago a second change may not show in its times
RACY_NANOSECONDS = 2_000_000_000

# Not every system has these; where they lack, `listed` has looked already
_FLAGS = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _FLAGS |= getattr(os, _flag, 0)

UNSEEN = ""  # the stamp of a file that nobody looked at yet


def listed(landing: Path, folder: str) -> Listing:
    """Lists `.json` and `.json.gz` files below `landing/folder` by their names.

    Only names are read: size, time and stamp are for `opened` and `stamp_of` to tell.
    Hidden names (`.` or `_` first) are left alone, nothing is followed: links, what is
    no regular file and folders that cannot be opened are refused, by uri. A folder that
    is not there is empty.
    """
    found = Listing([], [])
    root = landing / folder
    if os.path.lexists(root) and not root.is_dir():
        raise LandingError(f"{root} cannot be listed: it is no folder.")
    _walk(str(root), folder, found)
    found.files.sort()
    found.refused.sort()
    return found


def _walk(folder: str, uri: str, found: Listing) -> None:
    """Adds what lies in a folder; `uri` is the folder's own."""
    try:
        with os.scandir(folder) as entries:
            below = list(entries)
    except FileNotFoundError:
        return
    except OSError as error:
        told = f"the folder cannot be opened: {error.strerror}"
        found.refused.append(RefusedFile(f"{uri}/", "permission", told))
        return
    for entry in below:
        name = entry.name
        if name.startswith((".", "_")):
            continue
        if not _is_text(name):
            told = "the name is not UTF-8: rename it"
            found.refused.append(RefusedFile(ascii(f"{uri}/{name}"), "name", told))
        elif entry.is_file(follow_symlinks=False):
            if name.lower().endswith(SUFFIXES):
                found.files.append(LandedFile(f"{uri}/{name}", 0, 0.0, UNSEEN))
        elif entry.is_dir(follow_symlinks=False):
            _walk(entry.path, f"{uri}/{name}", found)
        elif entry.is_symlink():
            if _leads_to_raw_files(entry):
                told = "a link: put the file itself here"
                found.refused.append(RefusedFile(f"{uri}/{name}", "symlink", told))
        elif name.lower().endswith(SUFFIXES):
            told = "neither a file nor a folder"
            found.refused.append(RefusedFile(f"{uri}/{name}", "not_regular", told))


def _leads_to_raw_files(link: "os.DirEntry[str]") -> bool:
    """Whether a link stands for raw files: named like one, or leading to a folder."""
    return link.name.lower().endswith(SUFFIXES) or link.is_dir()


def _is_text(name: str) -> bool:
    """Whether a file's name is UTF-8; Python carries other bytes as lone surrogates."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def stamp_of(status: os.stat_result) -> str:
    """What tells a file's state without reading it: size, place and times.

    The time of the last change of the inode cannot be set by anybody, so an edit that
    keeps size and time of modification shows too.
    """
    return f"{status.st_size}-{status.st_ino}-{status.st_mtime_ns}-{status.st_ctime_ns}"


def lasting_stamp(status: os.stat_result, now_ns: int) -> str:
    """The stamp to remember: none for a file that changed a moment ago."""
    return stamp_of(status) if is_lasting(status, now_ns) else UNSEEN


def is_lasting(status: os.stat_result, now_ns: int) -> bool:
    """Whether the times of a file will show its next change.

    Clocks tick in steps: a second edit within one would leave the same times.
    """
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    return now_ns - newest > RACY_NANOSECONDS


def seen(file: LandedFile, status: os.stat_result) -> LandedFile:
    """The file with what the file system says of it."""
    return file._replace(
        size=status.st_size, modified_at=status.st_mtime, stamp=stamp_of(status)
    )


def opened(path: str) -> tuple[int, os.stat_result]:
    """Opens a regular file for reading: descriptor and state; no link, no pipe."""
    descriptor = os.open(path, _FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", path)
    return descriptor, status


def blocks(descriptor: int, size: int = 1 << 20) -> Iterator[bytes]:
    """The content, block by block."""
    while block := os.read(descriptor, size):
        yield block
