"""What a person asks of a load beyond the plain one."""

from dataclasses import asdict, dataclass

from infra.errors import ConfigurationError
from infra.loading.tolerance import DEFAULT, Tolerance, tolerance


@dataclass(frozen=True)
class Options:
    """The options of a load; by default it is the plain one."""

    full_refresh: bool = False
    prune: bool = False
    freeze: bool = False
    load_duplicates: bool = False
    allow_empty: bool = False
    tolerance: Tolerance = DEFAULT

    def told(self) -> str | None:
        """The options as the ledger keeps them; None for a plain load."""
        given = [
            f"--{name.replace('_', '-')}"
            for name, value in asdict(self).items()
            if value is True
        ]
        if self.tolerance != DEFAULT:
            given.append(
                f"--max-rejects {self.tolerance.rows} rows, "
                f"{self.tolerance.share:.0%}, {self.tolerance.files} files"
            )
        return " ".join(given) or None


def options(
    max_rejects: str, duplicates: str, *, strict: bool, **given: bool
) -> Options:
    """The options that a command line asks for."""
    if duplicates not in ("skip", "load"):
        raise ConfigurationError(
            f"--duplicates = {duplicates!r}: must be `skip` or `load`."
        )
    tolerated = tolerance(max_rejects, strict=strict)
    return Options(tolerance=tolerated, load_duplicates=duplicates == "load", **given)
