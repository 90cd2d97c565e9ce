"""What became of each raw row: it is in the star or elsewhere, and nowhere twice.

`invoke verify` prints it. Of songs there are no other pages.
"""

from dataclasses import asdict, dataclass
from typing import Any

from infra.asking import Asking
from infra.console import table

_OTHER_PAGES = (
    "select count(*) from stg_events where quarantine_reason is null "
    "and (page <> 'NextSong' or page is null)"
)


@dataclass(frozen=True)
class Account:
    """Raw rows of one kind; `quarantined` counts them by reason."""

    delivered: int
    in_star: int
    other_pages: int
    repeated: int
    quarantined: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"lost": self.lost}

    @property
    def lost(self) -> int:
        """Rows that nothing accounts for; less than 0 when some are counted twice."""
        kept = self.in_star + self.other_pages + self.repeated
        return self.delivered - kept - sum(self.quarantined.values())


def accounts(asked: Asking) -> dict[str, Account]:
    """The accounts of events and of songs."""
    return {
        "events": _account(asked, "events", "songplays", counted(asked, _OTHER_PAGES)),
        "songs": _account(asked, "songs", "songs", 0),
    }


def _account(asked: Asking, kind: str, star: str, other_pages: int) -> Account:
    reasons = asked.execute(
        f"select quarantine_reason, count(*) from quarantine_{kind} "
        "group by quarantine_reason order by 2 desc, 1"
    ).fetchall()
    return Account(
        delivered=counted(asked, f"select count(*) from staging_{kind}"),
        in_star=counted(asked, f"select count(*) from {star}"),
        other_pages=other_pages,
        repeated=counted(asked, f"select sum(repetitions) from stg_{kind}"),
        quarantined={str(reason): int(rows) for reason, rows in reasons},
    )


def report(found: dict[str, Account]) -> None:
    """Prints a line for each fate, and for each reason for quarantine."""
    both = [found["events"], found["songs"]]
    reasons = sorted({reason for each in both for reason in each.quarantined})
    rows = [
        ("in the star", *(each.in_star for each in both)),
        ("other pages than plays", found["events"].other_pages, ""),
        ("repeated word for word", *(each.repeated for each in both)),
        ("quarantined", *(sum(each.quarantined.values()) for each in both)),
        *(
            (f"  {reason}", *(each.quarantined.get(reason, 0) for each in both))
            for reason in reasons
        ),
        ("delivered", *(each.delivered for each in both)),
    ]
    table(
        ("raw rows", "events", "songs"),
        [(fate, *(_told(count) for count in counts)) for fate, *counts in rows],
    )


def _told(count: object) -> str:
    return f"{count:,}" if isinstance(count, int) else str(count)


def counted(asked: Asking, statement: str) -> int:
    """The one number that a query answers; 0 for null."""
    row = asked.execute(statement).fetchone()
    return int(row[0] or 0) if row else 0
