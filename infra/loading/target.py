"""A raw table on its way through a load: its files, and what becomes of each."""

from collections.abc import Callable
from dataclasses import dataclass, field

from infra.console import Bar
from infra.landing.files import RefusedFile
from infra.landing.source import Source
from infra.loading.engine import Copied
from infra.loading.heads import Head, Large, uncopied
from infra.loading.intake import Intake
from infra.loading.ledger import Decisions, decide
from infra.loading.options import Options
from infra.loading.raw_schema import RawTable

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


def decided(
    source: Source,
    intake: Intake,
    options: Options,
    progress: Bar,
    reached: Reached = silent,
) -> Target:
    """Lists a raw table's files, identifies them and decides about each."""
    name = intake.table.landing
    listing = source.listed(name)
    reached("listed")
    if not listing.files and not listing.refused and not options.allow_empty:
        raise source.is_empty(name)
    known, unknown = source.sorted_by_etag(listing.files, intake.ledger)
    if not intake.is_loading:
        known += [file for file in unknown if file.etag is not None]
        unknown = [file for file in unknown if file.etag is None]
    large = Large(source.start_of, intake)
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
