"""What the ledger knows of raw files, and what a load does about a listing.

Nothing here reads a file or a table: a listing and the ledger go in, decisions come
out. The state of a raw table is a function of the set of files: the order in which they
came does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.landing.files import LandedFile, RefusedFile


class Version(NamedTuple):
    """A version of a raw file that counts: its rows are staged, or were refused.

    `status` is loaded, duplicate, gone or rejected. `sample` is the digest of the
    simulated sample that the file was part of, None for other raw files.
    """

    uri: str
    etag: str
    stamp: str
    status: str
    load_id: int
    sample: str | None


@dataclass(frozen=True)
class Ledger:
    """The versions that count of one raw table, by uri.

    A file can have a live version and a rejected one: the rejected is newer, and the
    rows of the live one stay.
    """

    live: dict[str, Version]
    rejected: dict[str, Version]

    def knows(self, uri: str) -> bool:
        """Whether the file has been here in any version that counts."""
        return uri in self.live or uri in self.rejected

    def known(self, uri: str) -> Iterable[Version]:
        """The versions of one file, the newest first."""
        if uri in self.rejected:
            yield self.rejected[uri]
        if uri in self.live:
            yield self.live[uri]


class Duplicate(NamedTuple):
    """A file that says what another has said."""

    file: LandedFile
    original: str


@dataclass
class Decisions:
    """What a load does about each file of one raw table.

    `touched` are same in content but not in stamp. `replaced` are the live versions
    whose rows go, because the file changed; `pruned` those whose file is gone;
    `forgotten` those without rows that no longer count.
    """

    new: list[LandedFile] = field(default_factory=list)
    changed: list[LandedFile] = field(default_factory=list)
    same: list[LandedFile] = field(default_factory=list)
    touched: list[LandedFile] = field(default_factory=list)
    returned: list[LandedFile] = field(default_factory=list)
    duplicate: list[Duplicate] = field(default_factory=list)
    gone: list[Version] = field(default_factory=list)
    pruned: list[Version] = field(default_factory=list)
    replaced: list[Version] = field(default_factory=list)
    forgotten: list[Version] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    still_refused: list[str] = field(default_factory=list)
    # Of earlier loads, for the warning: duplicate and gone already, and still so
    known_duplicates: int = 0
    known_gone: int = 0

    @property
    def to_load(self) -> list[LandedFile]:
        """The files whose rows are staged, new ones first."""
        return [*self.new, *self.changed]

    def refuse(self, refused: RefusedFile) -> None:
        """Takes back that a file is to be loaded, and those that say what it says.

        The rows of its live version stay, as those of any file that cannot be read.
        """
        same = [each for each in self.duplicate if each.original == refused.uri]
        uris = {refused.uri, *(each.file.uri for each in same)}
        for files in (self.new, self.changed):
            files[:] = [file for file in files if file.uri not in uris]
        self.duplicate = [each for each in self.duplicate if each not in same]
        self.replaced = [each for each in self.replaced if each.uri not in uris]
        self.refused += [refused._replace(uri=uri) for uri in sorted(uris)]

    @property
    def is_nothing(self) -> bool:
        """Whether the tables need no change; a stamp is not worth mentioning."""
        return not (
            self.new
            or self.changed
            or self.returned
            or self.duplicate
            or self.gone
            or self.pruned
            or self.refused
            or self.forgotten
        )


def decide(  # noqa: PLR0913 - each is a plain choice of the caller
    ledger: Ledger,
    files: Iterable[LandedFile],
    refused: Iterable[RefusedFile],
    *,
    load_duplicates: bool = False,
    prune: bool = False,
    sample: str | None = None,
) -> Decisions:
    """Compares files, whose etags are known, with the ledger.

    Of files with one content one is staged: the one that is, or else the first by uri.
    Gone files keep their rows unless `prune` says otherwise, or they belonged to a
    simulated sample that another landing has replaced.
    """
    made = Decisions()
    listed = {file.uri: file for file in files}
    staged: dict[str, str] = {}  # uri of the file that brought a content, by etag
    _refuse(ledger, list(refused), made)
    _miss(ledger, listed, made, staged, prune=prune, sample=sample)
    pending = []
    for file in sorted(listed.values()):
        etag = file.etag or ""
        rejected, version = ledger.rejected.get(file.uri), ledger.live.get(file.uri)
        if rejected and rejected.etag == etag:
            made.still_refused.append(file.uri)
            continue
        if rejected:
            made.forgotten.append(rejected)
        is_live = version and version.etag == etag and version.status != "duplicate"
        if version and is_live and not _is_of_another(version, sample):
            staged.setdefault(etag, file.uri)
            _keep(file, version, made)
        else:
            pending.append(file)
    for file in pending:
        version = ledger.live.get(file.uri)
        original = staged.setdefault(file.etag or "", file.uri)
        if original != file.uri and not load_duplicates and file.size:
            is_duplicate = version and version.status == "duplicate"
            if version and is_duplicate and version.etag == file.etag:
                made.known_duplicates += 1
                _keep(file, version, made)
            else:
                made.duplicate.append(Duplicate(file, original))
                made.replaced.extend([version] if version else [])
            continue
        if version:
            made.replaced.append(version)
        if version and version.status != "duplicate":
            made.changed.append(file)
        else:
            made.new.append(file)
    return made


def _is_of_another(version: Version, sample: str | None) -> bool:
    """Whether a file of this sample came with another: staged anew it is of this one.

    Else its rows would go with the other sample when the file goes.
    """
    return sample is not None and version.sample not in (None, sample)


def _keep(file: LandedFile, version: Version, made: Decisions) -> None:
    if version.status == "gone":
        made.returned.append(file)
        return
    made.same.append(file)
    if file.stamp and file.stamp != version.stamp:
        made.touched.append(file)


def _refuse(ledger: Ledger, refused: list[RefusedFile], made: Decisions) -> None:
    """Sorts the files that cannot be read: told of before, or new trouble."""
    for each in refused:
        before = ledger.rejected.get(each.uri)
        if before and before.etag == each.known_as:
            made.still_refused.append(each.uri)
        else:
            made.refused.append(each)
            made.forgotten.extend([before] if before else [])


def _miss(  # noqa: PLR0913 - as above
    ledger: Ledger,
    listed: dict[str, LandedFile],
    made: Decisions,
    staged: dict[str, str],
    *,
    prune: bool,
    sample: str | None,
) -> None:
    """Sorts the versions whose file is not listed."""
    unseen = {each.uri for each in made.refused} | set(made.still_refused)
    folders = tuple(uri for uri in unseen if uri.endswith("/"))

    def is_unseen(uri: str) -> bool:
        return uri in unseen or (bool(folders) and uri.startswith(folders))

    for uri, version in ledger.rejected.items():
        if uri not in listed and not is_unseen(uri):
            made.forgotten.append(version)
    for uri, version in ledger.live.items():
        if uri in listed:
            continue
        if is_unseen(uri):  # perhaps it is there: nobody can look
            if version.status != "duplicate":
                staged.setdefault(version.etag, uri)
        elif version.status == "duplicate":
            made.forgotten.append(version)
        elif prune or (version.sample is not None and version.sample != sample):
            made.pruned.append(version)
        else:
            staged.setdefault(version.etag, uri)
            if version.status == "gone":
                made.known_gone += 1
            else:
                made.gone.append(version)
