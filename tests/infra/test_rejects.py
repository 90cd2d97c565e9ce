import json
import re
from pathlib import Path

import duckdb
import pytest
from written_ledger import SONGS, make_warehouse, writing

from infra import console
from infra.errors import ConfigurationError, WarehouseMissing
from infra.project import Project
from infra.rejects import report

WIDTH = 80


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A warehouse whose ledger is empty, and a terminal of 80 columns."""
    monkeypatch.setattr(console.out, "width", WIDTH)
    return make_warehouse(tmp_path)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The printed lines, none of them longer than the terminal is wide."""
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines), default=0) <= WIDTH
    return lines


def rejected(project: Project, load_id: str = "", *, everything: bool = False) -> str:
    return report(project, load_id, everything, as_json=False)


# Which rejects are open


def test_nothing_is_open_in_an_empty_ledger(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rejected(project) == "no reject is open"
    assert rejected(project, everything=True) == "nothing was ever rejected"
    assert told(capsys) == []


def test_rejects_of_the_newest_version_of_a_file_are_open(project: Project) -> None:
    with writing(project) as pen:
        pen.run(1)
        pen.run(2, status="nothing")
        pen.file(1, "log_data/a.json", rows_rejected=2)
        pen.reject(1, "log_data/a.json", line=1)
        pen.reject(1, "log_data/a.json", line=2)
        pen.file(1, "log_data/b.json", status="rejected")
        pen.reject(1, "log_data/b.json", line=None, reason="utf16")
    assert rejected(project) == "3 rejects of 2 reasons in 2 files"


@pytest.mark.parametrize("later", ["loaded", "rejected", "duplicate"])
def test_rejects_of_an_earlier_version_are_history(
    project: Project, later: str
) -> None:
    with writing(project) as pen:
        pen.run(1)
        pen.run(2)
        pen.file(1, "log_data/a.json", status="superseded", rows_rejected=1)
        pen.reject(1, "log_data/a.json")
        pen.file(2, "log_data/a.json", status=later)
    assert rejected(project) == "no reject is open"
    assert rejected(project, everything=True) == "1 reject of 1 reason in 1 file"
    assert rejected(project, "1") == "1 reject of 1 reason in 1 file"
    assert rejected(project, "2") == "load 2 rejected nothing"


def test_a_version_refused_since_hides_the_live_one_s_rejects(project: Project) -> None:
    with writing(project) as pen:
        pen.run(1)
        pen.run(2)
        pen.file(1, "log_data/a.json", rows_rejected=1)
        pen.reject(1, "log_data/a.json", reason="wrong_type", column="ts")
        pen.file(2, "log_data/a.json", status="rejected")
        pen.reject(2, "log_data/a.json", line=None, reason="not_gzip")
    assert rejected(project) == "1 reject of 1 reason in 1 file"


def test_nobody_can_mend_a_file_that_is_gone(project: Project) -> None:
    with writing(project) as pen:
        pen.run(1)
        pen.file(1, "log_data/a.json", status="gone", rows_rejected=1)
        pen.reject(1, "log_data/a.json")
    assert rejected(project) == "no reject is open"


@pytest.mark.parametrize("status", ["failed", "running"])
def test_rejects_of_a_load_that_failed_are_open_until_one_succeeds(
    project: Project, status: str
) -> None:
    with writing(project) as pen:
        pen.run(1, status=status)
        pen.run(1, SONGS)
        pen.reject(1, "log_data/a.json")
    assert rejected(project) == "1 reject of 1 reason in 1 file"
    with writing(project) as pen:
        pen.run(2, status="failed")  # and rejected nothing: the landing was absent
        pen.run(3, SONGS)
    assert rejected(project) == "1 reject of 1 reason in 1 file"
    with writing(project) as pen:
        pen.run(4)
    assert rejected(project) == "no reject is open"


def test_of_loads_that_failed_in_a_row_the_last_counts(project: Project) -> None:
    with writing(project) as pen:
        for load_id in (1, 2, 3):
            pen.run(load_id, status="failed")
            pen.reject(load_id, "log_data/a.json")
    assert rejected(project) == "1 reject of 1 reason in 1 file"
    assert rejected(project, everything=True) == "3 rejects of 1 reason in 1 file"


# How they are shown


def test_rejects_are_grouped_with_three_examples_each(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(7, status="failed")
        for line in range(1, 6):
            pen.reject(
                7,
                "log_data/a.json",
                line=line,
                column="ts",
                reason="wrong_type",
                message="'noon' is not a whole number",
                raw='{"ts":"noon"}',
            )
        pen.reject(7, "log_data/b.json", line=1)
        pen.reject(7, "log_data/c.json", line=None, message=None, raw=None)
    assert rejected(project) == "7 rejects of 2 reasons in 3 files"
    assert told(capsys) == [
        "staging_events, malformed_json: 1 row in 1 file, 1 file as a whole",
        "  log_data/b.json:1 (load 7)",
        "    not valid JSON",
        '    {"broken":',
        "  log_data/c.json (load 7)",
        "staging_events, wrong_type in ts: 5 rows in 1 file",
        *(
            line
            for number in (1, 2, 3)
            for line in (
                f"  log_data/a.json:{number} (load 7)",
                "    'noon' is not a whole number",
                '    {"ts":"noon"}',
            )
        ),
        "  and 2 more",
    ]


def test_hostile_text_is_harmless_and_fits(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(1, status="failed")
        pen.reject(
            1,
            "log_data/[bold]" + "x" * 200 + "\n.json",
            message="a\x1b[31mb\rc " * 20,
            raw="\x00\x9b\t\u202e[red]" + "世界" * 2000,
        )
    rejected(project)
    lines = told(capsys)
    text = "".join(line.strip() for line in lines)
    assert "log_data/[bold]" + "x" * 200 + r"\n.json:1" in text
    assert r"a\x1b[31mb\rc" in text
    (raw,) = [line for line in lines if "世界" in line]
    assert raw.startswith(r"    \x00\x9b\t\u202e[red]世界")
    assert raw.endswith("…")
    assert sum(2 if character in "世界" else 1 for character in raw) <= WIDTH
    assert all(line.isprintable() for line in lines)


def test_json_is_what_a_program_reads(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = '{"ts":"' + "x" * 1000
    with writing(project) as pen:
        pen.run(1)
        pen.file(1, "song_data/a.json", SONGS, rows_rejected=1)
        pen.reject(1, "song_data/a.json", SONGS, raw=raw)
    report(project, "", everything=False, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {
            "load_id": 1,
            "target": SONGS,
            "uri": "song_data/a.json",
            "line": 1,
            "column": None,
            "reason": "malformed_json",
            "message": "not valid JSON",
            "raw": raw,
            "at": "2026-11-21T12:00:00.000+00:00",
        }
    ]


def test_json_of_nothing_is_an_empty_list(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    report(project, "", everything=False, as_json=True)
    assert json.loads(capsys.readouterr().out) == []


# What a person can get wrong


@pytest.mark.parametrize("given", ["x", "-1", "1.0", "1 ", "٣", "9" * 19, "9" * 5000])
def test_what_is_no_load_s_number_is_refused(project: Project, given: str) -> None:
    with pytest.raises(ConfigurationError, match="--load-id takes the number"):
        rejected(project, given)


def test_an_unknown_load_is_refused(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no load 5; .*load-status"):
        rejected(project, "5")


def test_one_load_and_all_exclude_each_other(project: Project) -> None:
    with pytest.raises(ConfigurationError, match="exclude each other"):
        rejected(project, "5", everything=True)


def test_a_warehouse_without_ledger_says_what_to_do(project: Project) -> None:
    with duckdb.connect(project.profile.path) as connection:
        connection.execute("drop schema load cascade")
    with pytest.raises(WarehouseMissing, match=re.escape("run `invoke load`")):
        rejected(project)
