"""What `invoke up` made on this machine, so that `invoke down` removes nothing else."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from infra import atomic
from infra.steps import FOLDER

FILE = "made.json"


@dataclass(frozen=True)
class Made:
    """Paths that `up` made; `profile` is the digest of the profiles.yml it wrote."""

    profile: str | None = None
    warehouse: str | None = None
    landing: str | None = None

    @classmethod
    def read(cls, root: Path) -> Self:
        """The notes of earlier `up`s; without any, nothing counts as made."""
        try:
            return cls(**json.loads((root / FOLDER / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, root: Path) -> None:
        """Keeps the notes; a kill leaves the old ones or the new."""
        text = json.dumps(asdict(self), indent=2)
        atomic.write(root / FOLDER / FILE, text.encode())

    def noting(self, root: Path, **changes: str | None) -> Self:
        """These notes with changes, already written."""
        made = replace(self, **changes)
        made.write(root)
        return made


def digest(content: bytes) -> str:
    """Identifies a file's content."""
    return hashlib.sha256(content).hexdigest()
