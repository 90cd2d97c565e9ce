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


def lint(root: Path) -> int:
    """Runs every linter, also after one complained; returns how many there were."""
    failed = [
        " ".join(words)
        for module, words in LINTERS
        if not _passes(root, module, [sys.executable, "-m", *words])
    ]
    parse = ["parse", "--warn-error", "--show-all-deprecations", "--no-partial-parse"]
    say("  dbt " + " ".join(parse))
    if subprocess.run(
        dbt.command(["--quiet", *parse]), cwd=root, check=False
    ).returncode:
        failed.append("dbt parse")
    if failed:
        raise SparkifyError(f"These complained, see above: {', '.join(failed)}.")
    return len(LINTERS) + 1


def test(root: Path, arguments: Sequence[str]) -> None:
    """Runs pytest on both cores."""
    words = ["pytest", "--numprocesses", "2", "--dist", "worksteal", *arguments]
    if not _passes(root, "pytest", [sys.executable, "-m", *words]):
        raise SparkifyError("Tests failed, see above.")


def _passes(root: Path, module: str, command: Sequence[str]) -> bool:
    if importlib.util.find_spec(module) is None:
        raise ConfigurationError(f"{module} is not installed; run: {INSTALL}")
    say("  " + " ".join(command[2:]))
    return subprocess.run(command, cwd=root, check=False).returncode == 0
