"""What dbt understood of the project's files, shared by the tests that run it.

Parsing costs dbt three seconds in each new folder. It takes over what another run of
the same profile found, and parses only files that differ, as it does for a person.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "DBT_PARTIAL_PARSE_FILE_PATH"
_FILE = Path("target") / "partial_parse.msgpack"


class Shelf:
    """The folder of all of xdist's workers; none before the first test has begun."""

    folder: Path | None = None


@contextmanager
def shared(root: Path) -> Iterator[dict[str, str]]:
    """The variables for a process that may run dbt in `root`.

    What is on the shelf it takes over, and what nobody has put there it leaves there.
    """
    if Shelf.folder is None:
        yield {}
        return
    kept = Shelf.folder / f"{_profile(root)}.msgpack"
    yield {VARIABLE: str(kept)} if kept.exists() else {}
    if not kept.exists() and (root / _FILE).exists():
        with tempfile.NamedTemporaryFile(dir=Shelf.folder, delete=False) as copy:
            shutil.copyfile(root / _FILE, copy.name)
        Path(copy.name).replace(kept)  # at once: another worker may be reading


def _profile(root: Path) -> str:
    """What names a profile; the example is what `invoke up` will make."""
    found = root / "profiles.yml"
    path = found if found.exists() else root / "profiles.yml.example"
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()
