"""A checkout of this project in a folder of its own, and what a person does in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import parsed

from infra.project import Project
from infra.warehouse import reader

REPOSITORY = Path(__file__).resolve().parents[2]
TRACKED = (
    *("dbt_project.yml", "invoke.yaml", "tasks.py", "profiles.yml.example"),
    *("pyproject.toml", "models", "macros", "seeds", "analyses", "infra"),
    "tests/data",
)
# A sample that takes no time
SMALL = {
    "INVOKE_SPARKIFY_SAMPLE_USERS": "5",
    "INVOKE_SPARKIFY_SAMPLE_SONGS": "20",
    "INVOKE_SPARKIFY_SAMPLE_DAYS": "2",
}

Completed = subprocess.CompletedProcess[str]
Row = tuple[Any, ...]
# Makes a folder once for all tests, by name
Shared = Callable[[str, Callable[[Path], None]], Path]


@dataclass(frozen=True)
class Checkout:
    """The files that git would track, and commands that are run among them."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Self:
        """Copies the files into a folder that does not exist yet."""
        for name in TRACKED:
            source, copy = REPOSITORY / name, root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".*")
                shutil.copytree(source, copy, ignore=ignored)
            elif source.exists():
                shutil.copyfile(source, copy)
        return cls(root)

    def copied_to(self, root: Path) -> Self:
        """The same checkout, with all that was made in it, in another place."""
        shutil.copytree(self.root, root, symlinks=True)
        return type(self)(root)

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return Project(self.root)

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a command sees: nothing of the settings of whoever runs the tests."""
        kept = {
            name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ
        }
        return (
            kept | {"HOME": str(self.root.parent), "LANG": "C.UTF-8"} | dict(env or {})
        )

    def run(
        self, command: list[str], env: Mapping[str, str] | None = None
    ) -> Completed:
        """Runs a command among the files, without a terminal."""
        with parsed.shared(self.root) as known:
            return subprocess.run(
                command,
                cwd=self.root,
                env=self.environment(known | dict(env or {})),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )

    def invoke(self, *words: str, env: Mapping[str, str] | None = None) -> Completed:
        """Runs tasks; the checkout's own `infra` is what they import."""
        return self.run(invoke_command(*words), env)

    def dbt(self, *words: str) -> Completed:
        """Runs dbt as its own executable, as a person does."""
        return self.run([str(Path(sysconfig.get_path("scripts")) / "dbt"), *words])

    def query(self, statement: str) -> list[Row]:
        """The rows of a query on the warehouse."""
        with reader(self.project.profile) as connection:
            return connection.execute(statement).fetchall()

    def value(self, statement: str) -> Any:  # noqa: ANN401 - a cell holds anything
        """The one cell of a query on the warehouse."""
        ((cell,),) = self.query(statement)
        return cell

    def files(self) -> dict[str, bytes]:
        """All that was made here, by name: nothing of Python's and git's."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


def invoke_command(*words: str) -> list[str]:
    """The command line that runs tasks with this Python."""
    return [sys.executable, "-m", "invoke", *words]


def succeeds(completed: Completed) -> str:
    """What a command printed, once it is sure that it succeeded."""
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def fails(completed: Completed, code: int) -> str:
    """What a command complained, once it is sure that a person can read it."""
    assert completed.returncode == code, completed.stdout + completed.stderr
    assert "Traceback" not in completed.stdout + completed.stderr
    assert "fault of the project" not in completed.stderr
    assert completed.stderr.strip()
    return completed.stderr


@dataclass(frozen=True)
class Built:
    """A checkout in which everything was run once, for all workers.

    It may only be read, and only by readers: copy it for anything else.
    """

    checkout: Checkout
    completed: Completed
