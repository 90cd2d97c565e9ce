"""Large objects, judged by their first bytes: those the warehouse may copy unseen.

Only where all that is seen is well. What is odd from the start comes to this machine
instead, where the rules are ours: an array, a BOM, another spelling of a key.
"""

import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

from infra.landing.files import LandedFile, RefusedFile
from infra.loading.careful import Careful, Reject
from infra.loading.engine import REFUSED
from infra.loading.intake import Intake, bad_gzip, not_gzip, utf16
from infra.loading.raw_schema import RawTable
from infra.loading.small import GZIP, UTF16

BOM = b"\xef\xbb\xbf"
MOST = 4 << 20  # bytes that are unpacked of a start


class Head(NamedTuple):
    """What the beginning of an object tells of it, which the warehouse may copy.

    `extra_keys` are those that stand there; which ones are missing does not show.
    """

    is_packed: bool
    extra_keys: list[str]


def uncopied(etag: str | None) -> str:
    """How the ledger knows the content of an object that the warehouse cannot copy.

    Not by its ETag: when it is read here instead, it is another matter.
    """
    return f"{etag}-uncopied"


def judged(
    file: LandedFile, start: bytes, table: RawTable
) -> Head | RefusedFile | None:
    """What the start of an object shows; None where it is to be read here."""
    text, is_packed = start, start.startswith(GZIP)
    if is_packed:
        try:
            text = zlib.decompressobj(wbits=31).decompress(start, MOST)
        except zlib.error as error:
            return bad_gzip(file.uri, error)
    elif file.uri.lower().endswith(".gz"):
        return not_gzip(file.uri)
    if text.startswith(UTF16):
        return utf16(file.uri)
    if text.startswith(BOM):
        return None
    lines, end, _ = text.rpartition(b"\n")
    careful = Careful(table)
    found = list(careful.read(BytesIO(lines)))
    if not end or not found or any(isinstance(each, Reject) for each in found):
        return None
    return Head(is_packed, sorted(careful.extra_keys))


class Large:
    """The objects of one raw table that are for the warehouse to copy.

    `start_of` reads the beginning of an object. `heads` has what it told, by uri.
    """

    def __init__(self, start_of: Callable[[LandedFile], bytes], intake: Intake) -> None:
        self._start_of = start_of
        self._intake = intake
        self.heads: dict[str, Head] = {}

    def without(self, files: Sequence[LandedFile]) -> list[LandedFile]:
        """Takes those in that are not to be read here; returns the others."""
        least = self._intake.least_direct
        return [
            file
            for file in files
            if least is None or file.size < least or not self._takes(file)
        ]

    def _takes(self, file: LandedFile) -> bool:
        found = self._refused_before(file) or judged(
            file, self._start_of(file), self._intake.table
        )
        if isinstance(found, RefusedFile):
            self._intake.refused.append(found)
        elif found:
            self._intake.files.append(file)
            self.heads[file.uri] = found
        return found is not None

    def _refused_before(self, file: LandedFile) -> RefusedFile | None:
        """The refusal of an object that could not be copied, and is the same."""
        mark = uncopied(file.etag)
        if any(each.etag == mark for each in self._intake.ledger.known(file.uri)):
            return RefusedFile(file.uri, REFUSED, "it could not be copied before", mark)
        return None
