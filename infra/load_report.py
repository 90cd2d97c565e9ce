"""What a person sees of a load: a line, and a word on what wants attention."""

from collections.abc import Sequence

from infra.console import say, table, warn
from infra.loading.load import Loaded
from infra.loading.target import Target

EXAMPLES = 5  # names of files that are shown of a kind


def told(loaded: Loaded) -> str:
    """One line for a person: what came, and what was there already."""
    if loaded.is_nothing:
        files = sum(len(each.decisions.same) for each in loaded.targets)
        return f"nothing new in {files:,} files"
    parts = []
    for target in loaded.targets:
        name = target.table.name.removeprefix("staging_")
        files = len(target.decisions.to_load)
        parts.append(f"{target.staged:,} {name} from {_files(files)}")
    same = sum(len(each.decisions.same) for each in loaded.targets)
    return ", ".join(parts) + (f", {same:,} files as they were" if same else "")


def warnings(loaded: Loaded) -> None:
    """Prints what a load left for a person to look at."""
    for target in loaded.targets:
        for line in _attention(target):
            warn(line)


def _attention(target: Target) -> list[str]:
    decisions, name = target.decisions, target.table.name
    lines = []
    if target.rejected:
        lines.append(
            f"{name}: {target.rejected:,} of {target.rows:,} rows rejected; "
            "`invoke rejects` shows them"
        )
    if decisions.refused or decisions.still_refused:
        count = len(decisions.refused) + len(decisions.still_refused)
        first = next(
            (f"{each.uri}: {each.message}" for each in decisions.refused),
            next(iter(decisions.still_refused), ""),
        )
        lines.append(f"{name}: {_files(count)} not loaded, as {first}")
    if decisions.duplicate:
        copy, original = decisions.duplicate[0]
        lines.append(
            f"{name}: {_files(len(decisions.duplicate))} left out that say what "
            f"another says, as {copy.uri} what {original} does"
        )
    if decisions.pruned:
        lines.append(
            f"{name}: rows of {_files(len(decisions.pruned))} dropped that are gone"
        )
    if gone := len(decisions.gone) + decisions.known_gone:
        lines.append(
            f"{name}: {_files(gone)} gone from the landing; the rows stay until "
            "`invoke load --prune`"
        )
    for kind, keys in (
        ("keys that no column takes", _keys(target, "extra_keys")),
        ("keys that some files lack", _keys(target, "missing_keys")),
    ):
        if keys:
            lines.append(f"{name}: {kind}: {', '.join(keys[:10])}")
    return lines


def _keys(target: Target, kind: str) -> list[str]:
    return sorted(
        {key for each in target.outcomes.values() for key in getattr(each, kind)}
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def decisions(targets: Sequence[Target]) -> str:
    """Prints what a load would do, and returns it in a few words."""
    table(
        ("raw table", "new", "changed", "same", "duplicate", "gone", "rejected"),
        [
            (target.table.name, *(f"{count:,}" for count in _counted(target)))
            for target in targets
        ],
    )
    for target in targets:
        for kind, uris in _kinds(target):
            for uri in uris[:EXAMPLES]:
                say(f"  {kind:9} {uri}")
            if len(uris) > EXAMPLES:
                say(f"  {kind:9} and {len(uris) - EXAMPLES:,} more")
    loads = sum(len(target.decisions.to_load) for target in targets)
    return f"would load {_files(loads)}; nothing was written"


def _counted(target: Target) -> tuple[int, ...]:
    """Files by decision: new, changed, same, duplicate, gone, rejected."""
    made = target.decisions
    return (
        len(made.new),
        len(made.changed),
        len(made.same) + len(made.returned) - made.known_duplicates,
        len(made.duplicate) + made.known_duplicates,
        len(made.gone) + len(made.pruned) + made.known_gone,
        len(made.refused) + len(made.still_refused),
    )


def _kinds(target: Target) -> list[tuple[str, list[str]]]:
    made = target.decisions
    return [
        ("new", [file.uri for file in made.new]),
        ("changed", [file.uri for file in made.changed]),
        ("duplicate", [each.file.uri for each in made.duplicate]),
        ("gone", [version.uri for version in made.gone]),
        ("prune", [version.uri for version in made.pruned]),
        ("rejected", [each.uri for each in made.refused]),
    ]
