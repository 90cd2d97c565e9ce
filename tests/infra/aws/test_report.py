"""Plans as a person reads them, at 80 columns and in a pipe."""

from __future__ import annotations

import json
from pathlib import Path

import meddling
import pytest
from cloud import Cloud
from person import TARGET, Person, person
from rich.console import Console

from infra import console
from infra.aws import report

WIDTH = 80


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns, without its colours."""
    terminal = Console(highlight=False, width=WIDTH)
    terminal.soft_wrap = False
    monkeypatch.setattr(console, "out", terminal)


@pytest.fixture
def someone(
    narrow: None,
    there: Cloud,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    del narrow
    return person(there, tmp_path, monkeypatch, capsys)


def too_long(text: str) -> list[str]:
    return [line for line in text.splitlines() if len(line.rstrip()) > WIDTH]


def test_all_fits_into_80_columns(someone: Person) -> None:
    told = someone.invoke("up", *TARGET, "--plan").out
    assert not too_long(told)
    header = next(line for line in told.splitlines() if "what" in line)
    assert header.split() == ["what", "name"]  # nothing is changed
    assert "log group         sparkify-dev/useractivitylog" in told
    told = someone.does("up", *TARGET, "--yes")
    assert not too_long(told)
    meddling.everything(someone.cloud)
    told = someone.invoke("up", "--plan").out
    assert not too_long(told)
    for change in (
        "other policies: - another",
        "DNS names: no → yes",
        "days kept: 3653 → 30",
        "require_ssl: false → true",
        "enabled: no → yes",
    ):
        assert change in told
    assert "the cluster restarts for this" in told
    assert '{"' not in told
    for words in (("status",), ("check",), ("leftovers",)):
        assert not too_long(someone.invoke(*words).out)
    told = someone.invoke("leftovers").out
    assert "sparkify-dev/useractivitylog " in told  # a name stays in one piece


@pytest.mark.usefixtures("narrow")
def test_a_long_line_goes_on_below_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.say("  access  " + "word " * 30)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("  access  word word")
    assert rest
    assert all(line.startswith(" " * 10 + "word") for line in rest)


def test_a_pipe_gets_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("  access  " + "word " * 30)
    assert len(capsys.readouterr().out.splitlines()) == 1


COPY = {"Action": "s3:GetObject", "Effect": "Allow", "Resource": "*"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (True, False, "yes → no"),
        (1, 7, "1 → 7"),
        (("a", "b"), ("b", "c"), "- a, + c"),
        ((), ("a",), "+ a"),
        (("a",), (), "- a"),
        (("a", "b"), ("b", "a"), "a, b → b, a"),
        ("off", ("a", "b"), "off → a, b"),
        ("arn:aws:iam::1:role/sparkify/x", "none", "role/sparkify/x → none"),
        (json.dumps({"Statement": COPY}), "none", "s3:GetObject → none"),
        (
            json.dumps({"Statement": [COPY, {"Effect": "Deny", "Action": "s3:Put*"}]}),
            json.dumps({"Statement": COPY}),
            "s3:GetObject not s3:Put* → s3:GetObject",
        ),
        (
            json.dumps({"Statement": COPY}),
            json.dumps({"Statement": COPY | {"Resource": "b"}}),
            "s3:GetObject, but in another way",
        ),
        ("{}", "{no json", "nothing → {no json"),
        ("x" * 100, "y", "x" * 59 + "… → y"),
    ],
)
def test_a_change_is_told_in_short(before: object, after: object, told: str) -> None:
    assert report.changed(before, after) == told


def test_a_table_keeps_names_whole_where_other_words_can_make_room(
    narrow: None, capsys: pytest.CaptureFixture[str]
) -> None:
    del narrow
    name, note = "n" * 40, "a note of many words " * 4
    console.table(("name", "note"), [(name, note)])
    assert name in capsys.readouterr().out
    console.table(("name", "other"), [("n" * 60, "o" * 60)])
    assert not too_long(capsys.readouterr().out)
