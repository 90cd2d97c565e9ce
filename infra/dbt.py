"""Runs dbt as a process of its own and shows its progress.

A process, because DuckDB's file belongs to one at a time and dbt in this process would
keep it open. dbt itself prints two lines per node; here a bar counts the nodes, and
only warnings and errors are printed. The full log is in logs/dbt.log.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import profile
from infra.console import Bar, bar, say
from infra.errors import ConfigurationError, DbtError, WarehouseBusy
from infra.project import Project
from infra.warehouse import lock_holder

DOCS_TARGET = Path("target/docs")  # apart: `dbt retry` finds its last run untouched

_PARSED = Path("target/partial_parse.msgpack")  # what the last build understood
_PARSED_VARIABLE = "DBT_PARTIAL_PARSE_FILE_PATH"  # dbt's own name for another place
_AS_EVENTS = (
    *("--log-format", "json", "--log-format-file", "text"),
    *("--log-level", "info", "--no-quiet", "--no-use-colors"),
)
# Variables that would lead dbt to another project, profile or output than these tasks'
_REDIRECTIONS = {
    *("DBT_PROJECT_DIR", "DBT_PROFILES_DIR", "DBT_PROFILE"),
    *("DBT_TARGET_PATH", "DBT_LOG_PATH"),
}
_RESULTS = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}


@dataclass
class Outcome:
    """What a dbt command did: nodes by kind, and the last totals it reported."""

    nodes: dict[str, int] = field(default_factory=dict)
    stats: dict[str, int] = field(default_factory=dict)
    planned: int | None = None

    def told(self) -> str:
        """`9 models, 1 seed and 36 tests`, as far as there were any."""
        parts = [
            f"{count:,} {kind}{'' if count == 1 else 's'}"
            for kind, count in sorted(self.nodes.items())
        ]
        *first, last = parts or ["nothing"]
        return f"{', '.join(first)} and {last}" if first else last


def build(project: Project, select: str = "") -> Outcome:
    """Builds and tests seeds and models; unit tests, which test code, are left out."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if select:
        arguments += ["--select", *select.split()]
    outcome = run(project, arguments, "building and testing the models")
    if not outcome.nodes:
        raise ConfigurationError(f"--select {select!r} matches no model or test.")
    return outcome


def generate_docs(project: Project) -> Path:
    """Writes the docs site as one file and returns its path."""
    arguments = ["docs", "generate", "--static", "--target-path", str(DOCS_TARGET)]
    if (project.root / _PARSED).exists() and _PARSED_VARIABLE not in os.environ:
        # dbt checks each file, and parses those that have changed since
        arguments += ["--partial-parse-file-path", str(_PARSED)]
    run(project, arguments, "writing the docs site")
    return project.root / DOCS_TARGET / "static_index.html"


def command(arguments: Sequence[str]) -> list[str]:
    """The command line of dbt in this interpreter's environment, activated or not."""
    return [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments]


def run(project: Project, arguments: Sequence[str], label: str) -> Outcome:
    """Runs dbt in the project; prints warnings and errors; raises when dbt fails."""
    is_file = profile.default_redshift(project.root) is None  # a cluster has many users
    if is_file and (holder := lock_holder(project.profile)):
        raise WarehouseBusy(holder)
    outcome = Outcome()
    environment = {
        name: value for name, value in os.environ.items() if name not in _REDIRECTIONS
    }
    process = subprocess.Popen(
        command([*_AS_EVENTS, *arguments]),
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with process, bar(label) as progress:
        for event in _events(process):
            _follow(event, outcome, progress)
    if process.returncode != 0:
        failed = outcome.stats.get("error", 0)
        skipped = outcome.stats.get("skip", 0)
        counts = f" {failed} failed, {skipped} skipped." if failed else ""
        raise DbtError(
            f"dbt {arguments[0]} did not succeed.{counts} See above, or logs/dbt.log; "
            "after mending it run `dbt retry` or the task again."
        )
    return outcome


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    if process.stdout is None:
        return
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            event = {"info": {"name": "Text", "level": "error", "msg": line.rstrip()}}
        yield event


def _follow(event: dict[str, Any], outcome: Outcome, progress: Bar) -> None:
    info, data = event["info"], event.get("data", {})
    if info["name"] in _RESULTS:
        kind = data["node_info"]["resource_type"]
        outcome.nodes[kind] = outcome.nodes.get(kind, 0) + 1
        progress.update(sum(outcome.nodes.values()), outcome.planned)
    elif info["name"] == "ConcurrencyLine":
        outcome.planned = data["node_count"]
    elif info["name"] == "StatsLine":
        outcome.stats = data["stats"]
    if info["level"] in ("warn", "error") and info["msg"].strip():
        say(info["msg"])
