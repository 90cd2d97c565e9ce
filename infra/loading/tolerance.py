"""How much may be rejected before a load is refused."""

import re
from dataclasses import dataclass

from infra.errors import ConfigurationError
from infra.landing.files import RefusedFile

FEW_ROWS = 10  # that many rejected rows are tolerated whatever the size of the load
SHARE = 0.01  # of the rows of a load may be rejected

# Nothing is read through a link or from a pipe, but nothing is wrong with their being
# there: only --strict minds.
NOT_FOLLOWED = ("symlink", "not_regular")

_LIMIT = re.compile(r"(\d+)(%?)")


@dataclass(frozen=True)
class Tolerance:
    """What a load puts up with.

    `rows` is the number, `share` the share of rows that may be rejected in each raw
    table (the larger counts); `files` the number of files that cannot be used.
    """

    rows: int = FEW_ROWS
    share: float = SHARE
    files: int = 0
    minds_links: bool = False

    def refuses(
        self, rows: int, rejected: int, refused: list[RefusedFile]
    ) -> str | None:
        """Why a load of this many rows cannot stand, or None when it can."""
        bad = [
            each
            for each in refused
            if self.minds_links or each.reason not in NOT_FOLLOWED
        ]
        if len(bad) > self.files:
            more = f" and {len(bad) - 1:,} more" if len(bad) > 1 else ""
            return f"{bad[0].uri}: {bad[0].message} ({bad[0].reason}){more}"
        allowed = max(self.rows, int(round(self.share * rows, 6)))
        if rejected > allowed:
            return f"{rejected:,} of {rows:,} rows are rejected, {allowed:,} may be"
        return None


DEFAULT = Tolerance()


def tolerance(max_rejects: str, *, strict: bool) -> Tolerance:
    """The tolerance that two options ask for.

    `max_rejects` is a number of rows or files, as `5`, or a share of rows, as `2%`.
    """
    if strict:
        if max_rejects not in ("", "0"):
            raise ConfigurationError("--strict allows no rejects; leave out the other.")
        return Tolerance(rows=0, share=0.0, minds_links=True)
    if not max_rejects:
        return Tolerance()
    found = _LIMIT.fullmatch(max_rejects.strip())
    if not found or (found[2] and int(found[1]) > 100):
        raise ConfigurationError(
            f"--max-rejects = {max_rejects!r}: must be a whole number of rows, or a "
            "share of them from 0% to 100%."
        )
    if found[2]:
        return Tolerance(rows=0, share=int(found[1]) / 100)
    return Tolerance(rows=int(found[1]), share=0.0, files=int(found[1]))
