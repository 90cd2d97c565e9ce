"""A warehouse on a real AWS account, from nothing to nothing.

    pytest tests/live --live -s

Uses whatever login boto3 finds, a stack of its own name, and about an hour of the
smallest cluster. Whatever happens, it ends with `invoke down` and `invoke leftovers`.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = (
    *("dbt_project.yml", "invoke.yaml", "tasks.py", "profiles.yml.example"),
    *("pyproject.toml", "models", "macros", "infra", "tests/data"),
)
PRICE = "about $0.40 for an hour of one small node, its address and its password"


class Operator:
    """Somebody who types in a checkout, for a stack of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        stack = f"live-{secrets.token_hex(3)}"
        self.environment = os.environ | {
            "INVOKE_SPARKIFY_STACK": stack,
            "INVOKE_SPARKIFY_LIFETIME_HOURS": "2",
        }

    def types(self, *words: str, code: int = 0) -> str:
        print(f"\n$ {' '.join(words)}", flush=True)  # noqa: T201 - it takes minutes
        program = {"invoke": ["-m", "invoke"], "dbt": ["-m", "dbt.cli.main"]}
        completed = subprocess.run(
            [sys.executable, *program[words[0]], *words[1:]],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        print(completed.stdout, flush=True)  # noqa: T201
        assert completed.returncode == code, completed.stdout
        return completed.stdout


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    print(f"\nThis costs {PRICE}.", flush=True)  # noqa: T201
    for part in PARTS:
        source, copy = REPOSITORY / part, tmp_path / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    somebody = Operator(tmp_path)
    try:
        yield somebody
    finally:
        gone = ("--yes", "--no-final-snapshot", "--purge")
        somebody.types("invoke", "down", "--target", "redshift", *gone)
        assert "nothing of the stack is left" in somebody.types("invoke", "leftovers")


def test_a_warehouse_from_nothing_to_nothing(operator: Operator) -> None:
    operator.types("invoke", "check", "--target", "redshift")
    operator.types("invoke", "up", "--target", "redshift", "--plan", code=3)
    operator.types("invoke", "up", "--target", "redshift", "--yes")
    again = operator.types("invoke", "up", "--target", "redshift", "--plan")
    assert "nothing to do" in again
    assert "All checks passed" in operator.types("dbt", "debug")
    profile = operator.root / "profiles.yml"
    text = profile.read_text()
    profile.write_text(text.replace("sslmode: verify-full", "sslmode: disable"))
    operator.types("dbt", "debug", code=1)
    profile.write_text(text)
    operator.types("invoke", "load", "build")
    assert "nothing new" in operator.types("invoke", "load")
    assert "it answers" in operator.types("invoke", "status")
    operator.types("invoke", "pause")
    assert "paused" in operator.types("invoke", "status")
    operator.types("invoke", "resume")
    assert "All checks passed" in operator.types("dbt", "debug")
