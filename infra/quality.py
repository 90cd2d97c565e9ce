"""`invoke lint` and `invoke test`: the project's standards, in the tools' own words."""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from rich.text import Text

from infra import dbt
from infra.console import bar, out, say
from infra.errors import ConfigurationError, SparkifyError

INSTALL = 'pip install -e ".[dev]" -c constraints.txt'

# What `dbt parse` writes, and dbt-score reads
MANIFEST = "target/manifest.json"
Words = tuple[str, ...]
_NO_TESTS = 5  # how pytest ends when it selected none

# Two lanes of about the same length: without a cache mypy takes as long to understand
# the libraries as sqlfluff and dbt take for the SQL
LANES: tuple[tuple[Words, ...], ...] = (
    (
        ("mypy",),
        *(
            ("mypy", f"tests/{folder}conftest.py")
            for folder in ("", "infra/aws/", "live/", "rehearsal/")
        ),
    ),
    (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("yamllint", "--strict", "."),
        (
            *("sqlfluff", "lint", "--disable-progress-bar"),
            *("models", "analyses", "tests/data"),
        ),
        (
            *("dbt", "--quiet", "parse", "--warn-error", "--show-all-deprecations"),
            *("--no-partial-parse", "--target-path", str(Path(MANIFEST).parent)),
        ),
        ("dbt_score", "lint", "--show", "failing-items", "--manifest", MANIFEST),
    ),
)


def lint(root: Path) -> int:
    """Runs every linter, also after one complained; returns how many there were."""
    linters = [words for lane in LANES for words in lane]
    for words in linters:
        _require(words[0])
    failed = []
    with bar("linting") as progress, ExitStack() as stack:
        running = {
            pool.submit(_run, root, *words): " ".join(words)
            for lane in LANES
            for pool in [stack.enter_context(ThreadPoolExecutor(1))]
            for words in lane
        }
        try:
            for done, future in enumerate(as_completed(running), start=1):
                completed = future.result()
                say(f"  {running[future]}")
                out.print(Text.from_ansi(completed.stdout), end="")
                progress.update(done, len(running))
                if completed.returncode != 0:
                    failed.append(running[future])
        finally:
            for future in running:  # after Ctrl-C none begins any more
                future.cancel()
    if failed:
        raise SparkifyError(f"These complained, see above: {', '.join(failed)}.")
    return len(linters)


def _run(root: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        dbt.command(arguments) if module == "dbt" else command,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def test(root: Path, arguments: Sequence[str]) -> None:
    """Runs pytest in three processes: on two cores, as tests wait a lot."""
    _require("pytest")
    words = ["pytest", "--numprocesses", "3", "--dist", "worksteal", *arguments]
    say("  " + " ".join(words))
    command = [sys.executable, "-m", *words]
    code = subprocess.run(command, cwd=root, check=False).returncode
    if code == _NO_TESTS:
        raise ConfigurationError("No test was selected; see `pytest --help`.")
    if code != 0:
        raise SparkifyError("Tests failed, see above.")


def _require(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ConfigurationError(f"{module} is not installed; run: {INSTALL}")
