"""`invoke lint` and `invoke test`: the project's standards, in the tools' own words."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra import dbt
from infra.console import say
from infra.errors import ConfigurationError, SparkifyError

INSTALL = 'pip install -e ".[dev]" -c constraints.txt'

LINTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("ruff", "check", ".")),
    ("ruff", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
    *(
        ("mypy", ("mypy", f"tests/{folder}conftest.py"))
        for folder in ("", "infra/aws/", "live/", "rehearsal/")
    ),
    ("yamllint", ("yamllint", "--strict", ".")),
    (
        "sqlfluff",
        (
            "sqlfluff",
            "lint",
            "--disable-progress-bar",
            "models",
            "analyses",
            "tests/data",
        ),
    ),
)
# What `dbt parse` writes, and dbt-score reads
MANIFEST = Path("target/manifest.json")
PARSE = (
    *("parse", "--warn-error", "--show-all-deprecations", "--no-partial-parse"),
    *("--target-path", str(MANIFEST.parent)),
)
SCORE = ("dbt_score", "lint", "--show", "failing-items", "--manifest", str(MANIFEST))


def lint(root: Path) -> int:
    """Runs every linter, also after one complained; returns how many there were."""
    failed = [
        " ".join(words)
        for module, words in LINTERS
        if not _passes(root, module, [sys.executable, "-m", *words])
    ]
    if not _parses(root):
        failed.append("dbt parse")
    elif not _passes(root, "dbt_score", [sys.executable, "-m", *SCORE]):
        failed.append("dbt_score lint")
    if failed:
        raise SparkifyError(f"These complained, see above: {', '.join(failed)}.")
    return len(LINTERS) + 2


def test(root: Path, arguments: Sequence[str]) -> None:
    """Runs pytest in three processes: on two cores, as tests wait a lot."""
    words = ["pytest", "--numprocesses", "3", "--dist", "worksteal", *arguments]
    if not _passes(root, "pytest", [sys.executable, "-m", *words]):
        raise SparkifyError("Tests failed, see above.")


def _parses(root: Path) -> bool:
    say("  dbt " + " ".join(PARSE))
    command = dbt.command(["--quiet", *PARSE])
    return subprocess.run(command, cwd=root, check=False).returncode == 0


def _passes(root: Path, module: str, command: Sequence[str]) -> bool:
    if importlib.util.find_spec(module) is None:
        raise ConfigurationError(f"{module} is not installed; run: {INSTALL}")
    say("  " + " ".join(command[2:]))
    return subprocess.run(command, cwd=root, check=False).returncode == 0
