"""A raw table on its way through a load: its files, and what becomes of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infra.console import Bar
from infra.landing.files import LandedFile, RefusedFile
from infra.landing.source import Source
from infra.loading.engine import Copied
from infra.loading.heads import Head, judged, uncopied
from infra.loading.intake import Intake
from infra.loading.ledger import Decisions, decide
from infra.loading.options import Options
from infra.loading.raw_schema import RawTable
from infra.loading.redshift_answer import REFUSED

Reached = Callable[[str], None]


def silent(_: str) -> None:
    """Hears of the steps and does nothing about them."""


@dataclass
class Outcome:
    """What became of a file that was to be loaded."""

    rows: int = 0
    rejected: int = 0
    extra_keys: list[str] = field(default_factory=list)
    missing_keys: list[str] = field(default_factory=list)


@dataclass
class Target:
    """One raw table in one load; `total` counts its rows when all is staged.

    `heads` are the objects that the warehouse copies itself, by uri; `copied` what has
    come of that.
    """

    table: RawTable
    intake: Intake
    decisions: Decisions
    heads: dict[str, Head] = field(default_factory=dict)
    copied: list[Copied] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    seconds: float = 0.0
    total: int = 0

    @property
    def rows(self) -> int:
        """Objects in the files of this load."""
        return self.staged + self.rejected

    @property
    def staged(self) -> int:
        """Rows this load has staged."""
        return sum(each.rows for each in self.outcomes.values())

    @property
    def rejected(self) -> int:
        """Rows this load has rejected."""
        return sum(each.rejected for each in self.outcomes.values())

    def refuse(self, refused: RefusedFile) -> None:
        """Takes back that a file is to be loaded; it is refused with its content."""
        (etag,) = (
            each.etag for each in self.decisions.to_load if each.uri == refused.uri
        )
        mark = uncopied(etag) if refused.uri in self.heads else etag
        self.decisions.refuse(refused._replace(etag=mark))


class _Large:
    """The objects of one raw table that are for the warehouse to copy."""

    def __init__(self, source: Source, intake: Intake, least: int | None) -> None:
        self._source = source
        self._intake = intake
        self._least = least
        self.heads: dict[str, Head] = {}

    def without(self, files: Sequence[LandedFile]) -> list[LandedFile]:
        """Takes those out of files that are not to be read here, and looks at them."""
        return [
            file
            for file in files
            if self._least is None or file.size < self._least or not self._takes(file)
        ]

    def _takes(self, file: LandedFile) -> bool:
        intake, mark = self._intake, uncopied(file.etag)
        found: Head | RefusedFile | None
        if any(version.etag == mark for version in intake.ledger.known(file.uri)):
            found = RefusedFile(file.uri, REFUSED, "as before", mark)
        else:
            found = judged(file, self._source.start_of(file), intake.table)
        if isinstance(found, RefusedFile):
            intake.refused.append(found)
        elif found:
            intake.files.append(file)
            self.heads[file.uri] = found
        return found is not None


def decided(  # noqa: PLR0913, PLR0917 - what a decision depends on
    source: Source,
    intake: Intake,
    options: Options,
    progress: Bar,
    reached: Reached = silent,
    least_direct: int | None = None,
) -> Target:
    """Lists a raw table's files, identifies them and decides about each.

    Objects of `least_direct` bytes and more stay where they are.
    """
    name = intake.table.landing
    listing = source.listed(name)
    reached("listed")
    if not listing.files and not listing.refused and not options.allow_empty:
        raise source.is_empty(name)
    known, unknown = source.sorted_by_etag(listing.files, intake.ledger)
    if not intake.is_loading:
        known += [file for file in unknown if file.etag is not None]
        unknown = [file for file in unknown if file.etag is None]
    large = _Large(source, intake, least_direct)
    at_hand = source.fetched(large.without(unknown), progress)
    intake.take(
        at_hand, lambda done: progress.update(done, len(at_hand), f"looking at {name}")
    )
    reached("identified")

    def made() -> Decisions:
        refused: list[RefusedFile] = [*listing.refused, *intake.refused]
        return decide(
            intake.ledger,
            [*known, *intake.files],
            refused,
            load_duplicates=options.load_duplicates,
            prune=options.prune,
            sample=source.sample,
        )

    decisions = made()
    # A duplicate whose original is gone has its turn now: it was known, so not taken
    while intake.is_loading and (
        late := {file.uri for file in decisions.to_load}
        - (intake.taken.keys() | large.heads.keys())
    ):
        known = [file for file in known if file.uri not in late]
        intake.files = [file for file in intake.files if file.uri not in late]
        # As they were listed: what is read now is identified now
        listed = [file for file in listing.files if file.uri in late]
        at_hand = source.fetched(large.without(listed), progress)
        intake.take(at_hand, lambda _: None, again=True)
        decisions = made()
    return Target(intake.table, intake, decisions, large.heads)
