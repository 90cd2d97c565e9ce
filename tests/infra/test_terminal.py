"""What a person sees in a terminal of 80 columns, and what a pipe gets."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from checkout import Built, Checkout, invoke_command, succeeds

from infra import console

COLUMNS = 80
COLOUR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def terminal(checkout: Checkout, *words: str, **variables: str) -> str:
    """What tasks write to a terminal, colours included."""
    leader, follower = pty.openpty()
    given = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": "50"}
    process = subprocess.Popen(
        invoke_command(*words),
        cwd=checkout.root,
        env=checkout.environment(given | variables),
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    told, ends = b"", time.monotonic() + 60
    while time.monotonic() < ends:
        if select.select([leader], [], [], 1)[0]:
            try:
                told += os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
    os.close(leader)
    process.wait(timeout=10)
    return told.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "words",
    [
        ("--list",),
        ("status",),
        ("verify",),
        ("questions",),
        ("tables",),
        ("load-status",),
        ("rejects",),
        ("ask", "how_many_begin_to_pay"),
        ("ask", "when_do_people"),
        ("sql", "select * from songplays limit 2"),
        ("sql", "drop table songplays"),
        ("load-status", "--runs", "none, as somebody may well type who is in a hurry"),
    ],
    ids=" ".join,
)
def test_no_line_is_wider_than_the_terminal(built: Built, words: tuple[str]) -> None:
    told = terminal(built.checkout, *words)
    lines = COLOUR.sub("", told).splitlines()
    assert lines
    assert [line for line in lines if len(line.rstrip()) > COLUMNS] == []


def test_every_task_is_listed_on_one_line(built: Built) -> None:
    told = succeeds(built.checkout.invoke("--list"))
    (tasks,) = re.findall(r"Available tasks:\n\n(.*?)\n\n", told, re.S)
    for line in tasks.splitlines():
        assert re.fullmatch(r"  [a-z-]+ +[A-Z].*\.", line), line
        assert len(line) <= COLUMNS


def test_colours_are_for_terminals_that_want_them(built: Built) -> None:
    assert COLOUR.search(terminal(built.checkout, "rejects"))
    assert not re.search(
        r"\x1b\[[0-9;]*3\dm", terminal(built.checkout, "rejects", NO_COLOR="1")
    )
    assert "\x1b" not in succeeds(built.checkout.invoke("rejects"))


def test_a_pipe_gets_a_row_a_line_without_padding(built: Built) -> None:
    for task in ("questions", "verify", "status", "tables"):
        lines = succeeds(built.checkout.invoke(task)).splitlines()
        assert [line for line in lines if line != line.rstrip()] == []
    told = succeeds(built.checkout.invoke("questions"))
    assert re.search(
        r"(?m)^how_many_are_active  .* and how often do they return\?$", told
    )
    query = "select * from songplays limit 2"
    told = succeeds(built.checkout.invoke("sql", query))
    assert len(told.splitlines()) == 4  # headers, two rows, their number


def test_seconds_stay_together_and_below_the_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console.out, "width", 30)
    monkeypatch.setattr(console.out, "soft_wrap", False)
    console.closing("load", "nothing in 1,230 files", 0.71, "invoke build")
    assert capsys.readouterr().out.splitlines() == [
        "load  nothing in 1,230 files",
        "      (0.7 s)",
        "next: invoke build",
    ]


# Completion, as README.md says to set it up


def test_bash_completes_tasks_and_options(built: Built, tmp_path: Path) -> None:
    invoke = tmp_path / "invoke"
    invoke.write_text(f'#!/bin/sh\nexec {sys.executable} -m invoke "$@"\n')
    invoke.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"

    def completed(words: str) -> list[str]:
        script = f"""
            source <(invoke --print-completion-script=bash)
            COMP_WORDS=(invoke {words}) COMP_CWORD=1
            _complete_invoke invoke {words.rsplit(maxsplit=1)[-1]}
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        run = built.checkout.run(["bash", "-c", script], env={"PATH": path})
        return succeeds(run).split()

    assert completed("load") == ["load", "load-status"]
    assert completed("re") == ["rehearse", "rejects", "report", "resume"]
    assert "--full-refresh" in completed("load --fu")
