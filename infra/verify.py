"""`invoke verify`: the classic counts and ours, and the simulated sample's truth."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra import accounts, steps
from infra import profile as profiles
from infra.accounts import Account, counted
from infra.asking import asking
from infra.classic import COMPARISONS
from infra.console import say, table
from infra.errors import SparkifyError
from infra.landing import simulator
from infra.landing.s3 import Bucket
from infra.project import Project
from infra.query import print_document


@dataclass(frozen=True)
class Verdict:
    """The counts compared, and what the simulator says they must be.

    `accounts` say what became of the raw events and songs.
    """

    counts: dict[str, tuple[int, int]]
    accounts: dict[str, Account]
    methods: dict[str, int]
    with_artist: int
    truths: int
    broken: list[str]

    def told(self) -> str:
        """One line for a person."""
        if not self.truths:
            return f"{len(self.counts)} relations counted both ways"
        return f"all {self.truths} counts of the sample's truth.json are met"

    @property
    def match_rate(self) -> float:
        """Share of plays whose song is in the catalogue, in percent."""
        plays = sum(self.methods.values())
        return 100 * (plays - self.methods.get("none", 0)) / plays if plays else 0.0


def verify(project: Project) -> Verdict:
    """Counts both ways; compares with truth.json where the raw files are simulated."""
    with asking(
        project, "The star is not built yet; run `invoke load build`."
    ) as asked:
        counts = {
            each.relation: (counted(asked, each.classic), counted(asked, each.here))
            for each in COMPARISONS
        }
        methods = {
            str(method): int(plays)
            for method, plays in asked.execute(
                "select match_method, count(*) from songplays "
                "group by match_method order by 2 desc, 1"
            ).fetchall()
        }
        with_artist = counted(asked, "select count(artist_id) from songplays")
        found = accounts.accounts(asked)
    is_local = profiles.default_redshift(project.root) is None
    truth = _truth(project.settings.landing) if is_local else {}
    compared = _compared(truth, counts, methods)
    return Verdict(counts, found, methods, with_artist, *compared)


def report(project: Project, verdict: Verdict, *, as_json: bool) -> None:
    """Prints counts, what became of raw rows, how plays were matched, and seconds."""
    if as_json:
        print_document(plain(project, verdict))
        return
    table(
        ("relation", "classic", "here", "why they differ"),
        [
            (
                each.relation,
                f"{verdict.counts[each.relation][0]:,}",
                f"{verdict.counts[each.relation][1]:,}",
                each.reason if _differs(verdict, each.relation) else "",
            )
            for each in COMPARISONS
        ],
    )
    say("")
    accounts.report(verdict.accounts)
    say("")
    plays = sum(verdict.methods.values())
    table(
        ("plays matched by", "plays", "share"),
        [
            (method, f"{count:,}", f"{100 * count / plays:.1f} %")
            for method, count in verdict.methods.items()
        ],
    )
    say(
        f"{verdict.match_rate:.1f} % of plays have a song in the catalogue, "
        f"{verdict.with_artist:,} of {plays:,} an artist."
    )
    say("")
    steps.report(project.root)


def plain(project: Project, verdict: Verdict) -> dict[str, Any]:
    """The same as plain values, for a program."""
    return {
        "relations": [
            {
                "relation": each.relation,
                "classic": verdict.counts[each.relation][0],
                "here": verdict.counts[each.relation][1],
                "why_they_differ": each.reason
                if _differs(verdict, each.relation)
                else None,
            }
            for each in COMPARISONS
        ],
        "raw_rows": {kind: each.as_json() for kind, each in verdict.accounts.items()},
        "plays": sum(verdict.methods.values()),
        "plays_by_match_method": verdict.methods,
        "plays_with_artist": verdict.with_artist,
        "match_rate_percent": round(verdict.match_rate, 1),
        "truths": verdict.truths,
        "broken_truths": verdict.broken,
        "steps": [asdict(step) for step in steps.read(project.root)],
    }


def refuse_broken_truths(verdict: Verdict) -> None:
    """Fails when the warehouse does not reach what the simulator knows to be true.

    Or, of any raw files, when rows are not accounted for.
    """
    if verdict.broken:
        raise SparkifyError(
            "The warehouse differs from the simulated sample's truth.json:\n  "
            + "\n  ".join(verdict.broken)
            + "\nRun `invoke load build` when something was loaded or simulated since "
            "the last build. When that does not help, rows of files that are gone are "
            "still there: `invoke load --prune build`."
        )
    for kind, account in verdict.accounts.items():
        if account.lost:
            raise SparkifyError(
                f"{account.delivered:,} {kind} were delivered, and "
                f"{account.delivered - account.lost:,} are accounted for. Run `invoke "
                "build`: the star is older than what is loaded."
            )


def _differs(verdict: Verdict, relation: str) -> bool:
    classic, here = verdict.counts[relation]
    return classic != here


def _truth(landing: Path | Bucket) -> dict[str, dict[str, Any]]:
    """What the simulator says of its sample; nothing for other raw files."""
    if isinstance(landing, Bucket):
        return {}
    try:
        truth = json.loads((landing / "truth.json").read_text(encoding="utf-8"))
        return dict(truth) if simulator.is_simulated(landing) else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SparkifyError(
            f"{landing / 'truth.json'} cannot be read: {error}"
        ) from error


def _compared(
    truth: dict[str, dict[str, Any]],
    counts: dict[str, tuple[int, int]],
    methods: dict[str, int],
) -> tuple[int, list[str]]:
    """How many truths there are, and those that the warehouse breaks."""
    if not truth:
        return 0, []
    pairs = [
        *(
            (f"{relation} (classic)", truth["classic"][relation], classic)
            for relation, (classic, _) in counts.items()
        ),
        *(
            (relation, truth["counts"][relation], here)
            for relation, (_, here) in counts.items()
        ),
        *(
            (f"plays matched by {method}", expected, methods.get(method, 0))
            for method, expected in truth["matching"]["match_method"].items()
        ),
    ]
    broken = [
        f"{name}: {found:,} instead of {expected:,}"
        for name, expected, found in pairs
        if found != expected
    ]
    return len(pairs), broken
