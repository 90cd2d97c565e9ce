"""Large objects, judged by their first bytes: those the warehouse may copy unseen.

Only where all that is seen is well. What is odd from the start comes to this machine
instead, where the rules are ours: an array, a BOM, another spelling of a key.
"""

import zlib
from io import BytesIO
from typing import NamedTuple

from infra.landing.files import LandedFile, RefusedFile
from infra.loading.careful import Careful, Reject
from infra.loading.intake import bad_gzip, not_gzip, utf16
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
