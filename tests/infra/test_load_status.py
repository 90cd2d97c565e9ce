import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from written_ledger import EVENTS, NOON, RUN, SONGS, make_warehouse, writing

from infra import console
from infra.errors import ConfigurationError, WarehouseMissing
from infra.load_status import report
from infra.project import Project

WIDTH = 80


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A warehouse whose ledger is empty, and a terminal of 80 columns."""
    monkeypatch.setattr(console.out, "width", WIDTH)
    return make_warehouse(tmp_path)


def told(project: Project, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The printed lines, none of them longer than the terminal is wide."""
    report(project, "10", as_json=False)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines), default=0) <= WIDTH
    return lines


# Runs


def test_each_load_has_a_line_for_each_raw_table(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(1, files_new=30, rows_staged=8056)
        pen.run(1, SONGS, files_new=14896, rows_staged=14896, seconds=1.26)
        later = NOON + timedelta(days=1, seconds=5)
        pen.run(2, SONGS, status="nothing", files_same=14896, started_at=later)
        pen.run(
            2,
            started_at=later,
            seconds=None,
            files_new=1,
            files_changed=2,
            files_same=3,
            files_duplicate=4,
            files_gone=5,
            files_rejected=6,
            rows_staged=7,
            rows_rejected=8,
        )
    assert told(project, capsys) == [
        "load 2, 2026-11-22 12:00:05 UTC",
        "  staging_events  ok             -  files: 1 new, 2 changed, 3 same, 4",
        "  duplicate, 5 gone, 6 rejected; rows: 7 staged, 8 rejected",
        "  staging_songs   nothing    0.4 s  files: 14,896 same",
        "load 1, 2026-11-21 12:00:00 UTC",
        "  staging_events  ok         0.4 s  files: 30 new; rows: 8,056 staged",
        "  staging_songs   ok         1.3 s  files: 14,896 new; rows: 14,896 staged",
    ]


def test_a_load_that_failed_says_why_and_its_text_is_harmless(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    message = "a\x1b[31m[bold]b: " + "long " * 30 + "\nsecond line"
    with writing(project) as pen:
        pen.run(3, status="failed", message=message)
        pen.run(3, SONGS, status="failed", message=message)
    lines = told(project, capsys)
    assert lines[1] == "  staging_events  failed     0.4 s"
    assert lines[2] == "  staging_songs   failed     0.4 s"
    assert lines[3].startswith(r"    a\x1b[31m[bold]b: long long")
    assert lines[-1] == "    second line"
    assert " ".join(lines).count("long") == 30  # once for both raw tables


def test_the_last_loads_are_shown(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        for load_id in range(1, 13):
            pen.run(load_id)
            pen.run(load_id, SONGS)
    assert report(project, "2", as_json=False) == "2 loads shown, nothing open"
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines if line.startswith("load")] == [
        "load 12",
        "load 11",
    ]
    assert report(project, "10", as_json=False) == "10 loads shown, nothing open"


def test_json_holds_the_runs_in_full(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(1, status="failed", message="why", files_new=1)
    report(project, "10", as_json=True)
    (run,) = json.loads(capsys.readouterr().out)
    noon = "2026-11-21T12:00:00.000+00:00"
    expected = RUN | {"started_at": noon, "finished_at": noon, "status": "failed"}
    expected |= {"load_id": 1, "target": EVENTS, "message": "why", "files_new": 1}
    expected |= dict.fromkeys(("code_version", "landing", "sample", "args"))
    assert run == expected


# What is open


def test_an_empty_ledger_has_nothing_open(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(project, "1", as_json=False) == "0 loads shown, nothing open"
    assert capsys.readouterr().out == ""


def test_sound_and_superseded_files_are_not_open(project: Project) -> None:
    with writing(project) as pen:
        pen.run(1)
        pen.file(1, "a.json", status="superseded", rows_rejected=1, extra_keys="x")
        pen.reject(1, "a.json")
        pen.file(2, "a.json", rows_staged=1)
        pen.file(1, "b.json", status="gone")  # it had no rows: nothing is kept
    assert report(project, "9", as_json=False) == "1 load shown, nothing open"


def test_what_is_open_is_told_by_raw_table(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(1)
        for name in "abcde":
            pen.file(1, f"gone/{name}", status="gone", rows_staged=100)
        pen.file(1, "copy", status="duplicate")
        pen.file(1, "bad", SONGS, status="rejected")
        pen.reject(1, "bad", SONGS, line=None)
        pen.file(1, "new", rows_rejected=2, extra_keys="b, a")
        pen.file(1, "newer", extra_keys="a,\x1b")
        pen.reject(1, "new", line=1)
        pen.reject(1, "new", line=2)
    lines = told(project, capsys)
    assert " ".join(line.strip() for line in lines[lines.index("open") + 1 :]) == (
        "staging_events: 2 rejects; `invoke rejects` shows them. "
        "staging_songs: 1 reject; `invoke rejects` shows them. "
        "staging_events: 1 file left out, another has the same content: copy. "
        "staging_events: 5 files gone, 500 rows kept; `invoke load --prune` removes "
        "them: gone/a, gone/b, gone/c and 2 more. "
        r"staging_events: 2 files with keys that the table does not know: \x1b, a, b. "
        "staging_songs: 1 file rejected as a whole: bad."
    )
    assert report(project, "1", as_json=False) == "1 load shown, 6 matters open"


def test_a_load_that_was_killed_is_open_until_a_later_one_succeeds(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(project) as pen:
        pen.run(1, status="running", seconds=None, finished_at=None)
        pen.run(1, SONGS)
        pen.run(2, status="failed")
    assert (
        "  Load 1 of staging_events was killed and changed nothing, or still runs."
        in told(project, capsys)
    )
    with writing(project) as pen:
        pen.run(3, status="nothing")
    assert "open" not in told(project, capsys)


# What a person can get wrong


@pytest.mark.parametrize("given", ["", "0", "-1", "ten", "1.5", "٣", "9" * 5000])
def test_what_is_no_number_of_runs_is_refused(project: Project, given: str) -> None:
    with pytest.raises(ConfigurationError, match="--runs takes a number"):
        report(project, given, as_json=False)


def test_a_warehouse_without_ledger_says_what_to_do(project: Project) -> None:
    with duckdb.connect(project.profile.path) as connection:
        connection.execute("drop schema load cascade")
    with pytest.raises(WarehouseMissing, match="run `invoke load`"):
        report(project, "10", as_json=False)
