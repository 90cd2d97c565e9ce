"""Loads that meet: one works, the others leave at once and say who works.

Run as a program it holds the warehouse: it loads, or reads, until it is let go.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from checkout import (
    REPOSITORY,
    SMALL,
    Checkout,
    Completed,
    fails,
    invoke_command,
    succeeds,
)
from landing_files import EVENT, EVENTS, LandingFiles

from infra.console import Bar
from infra.errors import LoadError, WarehouseBusy
from infra.loading import holder
from infra.loading.load import load
from infra.loading.options import Options
from infra.project import Project
from infra.warehouse import reader, writer

DEADLINE = 30.0  # seconds that anything here may take
READING = "reading"  # instead of a step: hold the warehouse as a reader
DEAD = 2**22 + 1  # greater than any process's number


def hold(root: Path, step: str, paused: Path, go: Path) -> None:
    """Loads, and waits at a step with the warehouse's lock held."""
    project = Project(root)

    def reached(here: str) -> None:
        if here == step:
            paused.touch()
            wait_for(go.exists)

    if step == READING:
        with reader(project.profile):
            reached(READING)
    else:
        load(project, Bar("", None), Options(), reached)


def wait_for(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < ends, "waited for too long"
        time.sleep(0.02)


@contextmanager
def held(root: Path, step: str, notes: Path) -> Iterator[int]:
    """Another process that holds the warehouse, by its number; it ends well."""
    paused, go = notes / "paused", notes / "go"
    with subprocess.Popen(
        [sys.executable, __file__, str(root), step, str(paused), str(go)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            wait_for(lambda: paused.exists() or process.poll() is not None)
            assert paused.exists(), process.communicate()
            yield process.pid
        finally:
            go.touch()
            _, complaint = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, complaint


@pytest.fixture
def lab(tmp_path: Path) -> LandingFiles:
    """A landing that was loaded, and a file that came since."""
    made = LandingFiles(tmp_path / "lab")
    made.good()
    made.load()
    made.write("log_data/late.json", EVENT | {"sessionId": 7})
    return made


def moments(lab: LandingFiles) -> int:
    return len(lab.rows(EVENTS.name))


@pytest.mark.parametrize("step", ["noted", "inserted", "committed"])
def test_who_comes_while_a_load_works_is_told_who_works(
    step: str, lab: LandingFiles, tmp_path: Path
) -> None:
    with held(lab.root, step, tmp_path) as pid:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(WarehouseBusy) as busy:
                lab.load()
            assert time.monotonic() - began < 5
            told = str(busy.value)
            assert f"(PID {pid}, load 2 on {socket.gethostname()} since 20" in told
            assert " UTC)" in told
            assert "wait for it" in told
        with (
            pytest.raises(WarehouseBusy, match=f"PID {pid}"),
            reader(lab.project.profile),
        ):
            pass
        assert holder.work_folder(lab.project.profile.path).is_dir()
    assert moments(lab) == 3
    lab.check()


def test_a_load_beside_a_reader_is_told_who_reads(
    lab: LandingFiles, tmp_path: Path
) -> None:
    with held(lab.root, READING, tmp_path) as pid:
        with pytest.raises(WarehouseBusy, match=rf"\(PID {pid}\)"):
            lab.load()
        assert moments(lab) == 2  # readers do not mind each other
    lab.load()
    assert moments(lab) == 3
    lab.check()


def leave_behind(lab: LandingFiles, pid: int = DEAD) -> Path:
    """What a load that was killed leaves."""
    folder = holder.work_folder(lab.project.profile.path)
    folder.mkdir()
    note = {"pid": pid, "host": "gone", "since": "2018-11-01 00:00:00", "load_id": 77}
    (folder / holder.NOTE).write_text(json.dumps(note))
    (folder / "joined-0.ndjson").write_text("{}")
    (folder / "0.link.json").symlink_to(lab.landing / "log_data" / "good.json")
    return folder


def test_what_a_dead_load_left_is_thrown_away(lab: LandingFiles) -> None:
    folder = leave_behind(lab)
    lab.load()
    assert not folder.exists()
    assert (lab.landing / "log_data" / "good.json").exists()
    assert moments(lab) == 3
    lab.check()


def test_a_dead_load_is_not_named_for_who_holds_the_warehouse_now(
    lab: LandingFiles, tmp_path: Path
) -> None:
    leave_behind(lab)
    with held(lab.root, READING, tmp_path) as pid:
        with pytest.raises(WarehouseBusy) as busy:
            lab.load()
        assert f"(PID {pid})" in str(busy.value)
        assert "load 77" not in str(busy.value)


@pytest.mark.parametrize("note", ["", "{", "\0\xff"])
def test_a_broken_note_is_thrown_away_too(note: str, lab: LandingFiles) -> None:
    (leave_behind(lab) / holder.NOTE).write_bytes(note.encode("latin-1"))
    lab.load()
    assert moments(lab) == 3
    assert not holder.work_folder(lab.project.profile.path).exists()


@pytest.mark.parametrize("note", ["", "[]", '{"pid": 0}'])
def test_a_broken_note_hides_nobody(
    note: str, lab: LandingFiles, tmp_path: Path
) -> None:
    with held(lab.root, "inserted", tmp_path) as pid:
        path = holder.work_folder(lab.project.profile.path) / holder.NOTE
        path.write_bytes(note.encode("latin-1"))
        with pytest.raises(WarehouseBusy, match=rf"\(PID {pid}\)"):
            lab.load()


def somebody_s_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")


def somebody_s_link(folder: Path) -> None:
    target = folder.with_name("elsewhere")
    target.mkdir()
    (target / holder.NOTE).write_text("mine")
    folder.symlink_to(target)


def a_link_to_nothing(folder: Path) -> None:
    folder.symlink_to("nowhere")


def somebody_s_file(folder: Path) -> None:
    folder.write_text("mine")


@pytest.mark.parametrize(
    "put", [somebody_s_folder, somebody_s_link, a_link_to_nothing, somebody_s_file]
)
def test_what_somebody_else_put_there_stays_and_stops_the_load(
    put: Callable[[Path], None], lab: LandingFiles
) -> None:
    folder = holder.work_folder(lab.project.profile.path)
    put(folder)
    before = {path: path.lstat().st_mtime_ns for path in lab.root.glob("*/*")}
    with pytest.raises(LoadError, match=r"holds something else\. Move it away\."):
        lab.load()
    assert {path: path.lstat().st_mtime_ns for path in lab.root.glob("*/*")} == before
    assert os.path.lexists(folder)
    assert moments(lab) == 2
    folder.rename(folder.with_name("moved"))
    lab.load()
    assert moments(lab) == 3


def test_an_empty_folder_of_a_load_that_just_began_does_not_matter(
    lab: LandingFiles,
) -> None:
    holder.work_folder(lab.project.profile.path).mkdir()
    lab.load()
    assert moments(lab) == 3


# At the command line


def test_every_task_says_who_loads(checkout: Checkout, tmp_path: Path) -> None:
    succeeds(checkout.invoke("up", "load", env=SMALL))
    extra = checkout.root / "data/landing/log_data/extra.json"
    extra.write_text(json.dumps(EVENT))
    before = checkout.value("select count(*) from staging_events")
    with held(checkout.root, "inserted", tmp_path) as pid:
        who = f"(PID {pid}, load 2 on {socket.gethostname()} since 20"
        for words in (
            *(["load"], ["load", "--full-refresh"], ["load", "--dry-run"]),
            *(["sql", "--query", "select 1"], ["build"], ["down", "--yes"]),
        ):
            completed = checkout.invoke(*words)
            assert who in fails(completed, 1), words
            assert completed.stderr.count("\n") == 1
    assert checkout.value("select count(*) from staging_events") == before + 1
    assert "nothing new" in succeeds(checkout.invoke("load"))


def test_of_three_loads_at_once_none_loses_anything(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    processes = [
        subprocess.Popen(
            invoke_command("load"),
            cwd=checkout.root,
            env=checkout.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    ended = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=DEADLINE)
        ended.append(Completed([], process.returncode, stdout, stderr))
    assert 0 in {each.returncode for each in ended}
    for each in ended:
        if each.returncode:
            assert "is in use by" in fails(each, 1)
            assert "try again" in each.stderr
    runs = checkout.query("select status, count(*) from load_runs group by all")
    counts = {str(status): count for status, count in runs}
    assert counts["ok"] == 2
    assert counts.keys() <= {"ok", "nothing"}
    files = sum(1 for _ in (checkout.root / "data/landing").rglob("*_data/**/*.json"))
    assert checkout.value("select count(*) from load_files") == files
    assert (
        checkout.value(
            "select (select count(*) from staging_events) "
            "+ (select count(*) from staging_songs) - sum(rows_staged) from load_files"
        )
        == 0
    )
    with writer(checkout.project.profile):  # nobody holds it any more
        pass
    assert not holder.work_folder(checkout.project.profile.path).exists()


if __name__ == "__main__":
    _, _root, _step, _paused, _go = sys.argv
    hold(Path(_root), _step, Path(_paused), Path(_go))
