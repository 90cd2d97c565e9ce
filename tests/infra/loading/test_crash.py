"""A load that is killed or fails, at every step of every kind of load.

Run as a program it is the laboratory: it prepares one kind of load and repeats it in
forked children, so that Python and DuckDB are imported once for many deaths.
"""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from checkout import REPOSITORY, SMALL, Checkout, fails, invoke_command, succeeds
from landing_files import EVENT, EVENTS, SONG, SONGS, LandingFiles
from slow import slow

from infra.loading import holder, intake
from infra.loading.load import STEPS
from infra.warehouse import reader

DEADLINE = 30.0  # seconds that anything here may take

# What a load of two raw tables reaches, in this order
PATH = (
    "noted",
    *("listed", "identified", "listed", "identified", "decided"),
    *("copied", "deleted", "inserted", "deleted", "inserted"),
    *("checked", "recorded", "swapped", "committed"),
)
POINTS = tuple((step, PATH[: at + 1].count(step)) for at, step in enumerate(PATH))

RELATIONS = {
    "events": EVENTS.relation,
    "songs": SONGS.relation,
    "files": "load.load_files",
    "rejects": "load.load_rejects",
    "runs": "load.load_runs",
}

KILLED = "It was interrupted; nothing of it was loaded."

Row = dict[str, Any]
State = dict[str, list[Row]]


class Kind(NamedTuple):
    """A kind of load: what happens in the landing before it, and its options."""

    changes: Callable[[LandingFiles], None]
    options: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it
    is_first: bool = False


def events(*moments: int) -> list[dict[str, Any]]:
    return [EVENT | {"ts": 1541106106796 + moment} for moment in moments]


def begin(lab: LandingFiles) -> None:
    """A landing with a file for each route into the raw table."""
    lab.write("log_data/joined.json", events(1))
    lab.write("log_data/whole.json", events(*range(10, 20)))
    lab.write("log_data/careful.json", b"\n" + json.dumps(EVENT).encode())
    lab.write("log_data/gone.json", events(30, 31))
    lab.write("log_data/same.json", events(30, 31))
    lab.write("song_data/a.json", SONG)
    lab.write("song_data/b.json", SONG | {"song_id": "SOB"})


def add(lab: LandingFiles) -> None:
    lab.write("log_data/new.json", events(50, 51))
    lab.write("song_data/new.json", SONG | {"song_id": "SONEW"})


def change(lab: LandingFiles) -> None:
    lab.write("log_data/joined.json", events(2))
    lab.write("log_data/whole.json", events(*range(10, 25)))
    lab.write("song_data/a.json", SONG | {"title": "Another"})


def lose(lab: LandingFiles) -> None:
    (lab.landing / "log_data/gone.json").unlink()
    (lab.landing / "song_data/b.json").unlink()


def spoil(lab: LandingFiles) -> None:
    bad = [*map(json.dumps, events(60, 61)), "{", json.dumps({"ts": 1})]
    lab.write("log_data/bad.json", "\n".join(bad))
    lab.write("log_data/joined.json", events(3))


def all_of_it(lab: LandingFiles) -> None:
    for happens in (add, change, lose, spoil):
        happens(lab)


KINDS = {
    "first": Kind(lambda _: None, is_first=True),
    "new": Kind(add),
    "changed": Kind(change),
    "gone": Kind(lose, {"prune": True}),
    "full refresh": Kind(all_of_it, {"full_refresh": True}),
    "rejects": Kind(spoil),
}


# The laboratory


def laboratory(root: Path, kind: Kind, how: str) -> Iterator[dict[str, Any]]:
    """Yields what the kind of load does undisturbed, and then each disturbed one."""
    intake.SMALL = 1000
    lab = LandingFiles(root, threads=2)
    warehouse = lab.project.profile.path
    begin(lab)
    if not kind.is_first:
        done(forked(lambda: lab.load().load_id))
    kind.changes(lab)
    base = warehouse.read_bytes() if warehouse.exists() else None

    def loaded(disturb: Callable[[str, int], None]) -> list[str]:
        path: list[str] = []

        def reached(step: str) -> None:
            path.append(step)
            disturb(step, path.count(step))

        lab.load(reached=reached, **kind.options)
        return path

    before = done(forked(lambda: state(lab)))
    path = done(forked(lambda: loaded(lambda *_: None)))
    yield {"before": before, "path": path, "after": done(forked(lambda: state(lab)))}
    for point in POINTS:
        warehouse.unlink()
        if base is not None:
            warehouse.write_bytes(base)

        def disturb(*here: object, point: tuple[str, int] = point) -> None:
            if here == point:
                DISTURBANCES[how]()

        told, status = forked(lambda: loaded(disturb))
        case = {"point": point, "told": told, "status": status}
        # A full refresh that came through is not done again
        options = {} if point[0] == "committed" else kind.options
        yield case | done(forked(lambda: aftermath(lab, options)))  # noqa: B023


def aftermath(lab: LandingFiles, options: dict[str, Any]) -> dict[str, Any]:
    """What a disturbed load left, and what the next one makes of it."""
    folder = holder.work_folder(lab.project.profile.path)
    return {
        "left": folder.exists(),
        "between": state(lab),
        "again": lab.load(**options).is_nothing,
        "after": state(lab),
        "leaves": folder.exists(),
    }


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt() -> None:
    raise KeyboardInterrupt


DISTURBANCES = {"killed": kill, "interrupted": interrupt, "out of space": fill_the_disk}


def forked(work: Callable[[], Any]) -> tuple[Any, int]:
    """What the work returns or raises in a child, and the signal that ended it."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            told = {"value": work()}
        except BaseException as error:  # noqa: BLE001 - it is told
            told = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(writing, "w") as pipe:
            json.dump(told, pipe, default=str)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text or "{}"), os.WTERMSIG(status)


def done(outcome: tuple[Any, int]) -> Any:  # noqa: ANN401 - whatever the work returned
    told, status = outcome
    assert status == 0
    assert "error" not in told, told
    return told["value"]


def state(lab: LandingFiles) -> State:
    """Everything that loads write, but what tells only the time."""
    if not lab.project.profile.path.exists():
        return {name: [] for name in RELATIONS}
    left_out = {"seconds", "at", "stamp", "started_at", "finished_at"}
    found: State = {}
    with reader(lab.project.profile) as connection:
        for name, relation in RELATIONS.items():
            cursor = connection.execute(f"from {relation} order by all")
            names = [column[0] for column in cursor.description or ()]
            found[name] = [
                {key: value for key, value in row.items() if key not in left_out}
                for row in (
                    dict(zip(names, row, strict=True)) for row in cursor.fetchall()
                )
                if row.get("status") != "running"
            ]
    return found


# What it finds


def raw(found: State) -> State:
    """The raw tables and what the ledger says of their files."""
    return {name: found[name] for name in ("events", "songs", "files")}


def outcome(found: State) -> State:
    """What a load leads to, whatever its number and whatever came before."""
    successes = {
        row["load_id"] for row in found["runs"] if row["status"] in {"ok", "nothing"}
    }
    return {
        "events": numberless(found["events"]),
        "songs": numberless(found["songs"]),
        "files": numberless(
            row for row in found["files"] if row["status"] != "superseded"
        ),
        "rejects": numberless(
            row for row in found["rejects"] if row["load_id"] in successes
        ),
    }


def numberless(rows: Any) -> list[Row]:  # noqa: ANN401 - rows from anywhere
    kept = [
        {key: row[key] for key in row.keys() - {"load_id", "_load_id", "note"}}
        for row in rows
    ]
    return sorted(kept, key=lambda row: json.dumps(row, sort_keys=True))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("changed", "killed"),
        *(slow(name, "killed") for name in ("first", "new", "gone", "rejects")),
        slow("full refresh", "killed"),
        *(slow(name, "interrupted") for name in ("first", "full refresh")),
        slow("rejects", "out of space"),
    ],
)
def test_a_load_that_ends_anywhere_leaves_the_old_or_the_new_and_the_next_completes_it(
    name: str, how: str, tmp_path: Path
) -> None:
    undisturbed, *cases = experiment(tmp_path / "lab", name, how)
    old, new = undisturbed["before"], undisturbed["after"]
    assert tuple(undisturbed["path"]) == PATH
    assert raw(old) != raw(new)
    assert [tuple(case["point"]) for case in cases] == list(POINTS)
    wrong = {str(case["point"]): list(faults(case, how, old, new)) for case in cases}
    assert not {point: told for point, told in wrong.items() if told}


def faults(case: dict[str, Any], how: str, old: State, new: State) -> Iterator[str]:
    """What is not as it should be after a load that was disturbed."""
    is_committed = case["point"][0] == "committed"
    between, after = case["between"], case["after"]
    expected = new if is_committed else old
    number = len(old["runs"]) // 2 + 1
    runs = [row for row in after["runs"] if row["load_id"] == number]
    messages = {row["message"] for row in runs}
    checks = {
        "the load did not end as it should": (
            (case["told"], case["status"]) == ({}, signal.SIGKILL)
            if how == "killed"
            else "error" in case["told"]
        ),
        "neither the old nor the new state": raw(between) == raw(expected),
        "rejects of a load that was killed or had committed": (
            between["rejects"] == expected["rejects"]
            or not (how == "killed" or is_committed)
        ),
        "a load that failed left temporary files": how == "killed" or not case["left"],
        f"the run says {messages}": (
            messages == {None}
            if is_committed
            else (messages == {KILLED}) is (how == "killed") and None not in messages
        ),
        "the run did not end in failed, or in ok": len(runs) == 2
        and is_committed
        is ({row["status"] for row in runs}.isdisjoint({"failed", "running"})),
        "the next load did not find what it should": case["again"] is is_committed,
        "the next load leads elsewhere": outcome(after) == outcome(new),
        "the next load left temporary files": not case["leaves"],
    }
    yield from (told for told, is_well in checks.items() if not is_well)


def experiment(root: Path, name: str, how: str) -> list[dict[str, Any]]:
    finished = subprocess.run(
        [sys.executable, __file__, str(root), name, how],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=DEADLINE * 2,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_the_steps_are_those_that_are_promised() -> None:
    assert tuple(dict.fromkeys(PATH)) == STEPS


@pytest.mark.slow
def test_a_kill_while_temporary_files_are_thrown_away_does_not_stop_the_next_load(
    tmp_path: Path,
) -> None:
    told = experiment(tmp_path / "lab", "new", "tidying")
    assert len(told) >= 3
    assert [each["error"] for each in told if each["error"]] == []


def tidying(root: Path, kind: Kind) -> Iterator[dict[str, Any]]:
    """Kills loads at each name they take away; tells what the next load says."""
    lab = LandingFiles(root, threads=2)
    begin(lab)
    done(forked(lambda: lab.load().load_id))
    kind.changes(lab)
    for number in range(1, 50):

        def dying(number: int = number) -> None:
            remove_until(number)
            lab.load(full_refresh=True)

        told, status = forked(dying)
        if not status:
            assert "error" not in told, told
            return
        told, _ = forked(lambda: lab.load().is_nothing)
        yield {"error": told.get("error"), "number": number}
        with suppress(FileNotFoundError):  # each case begins well
            (holder.work_folder(lab.project.profile.path) / holder.NOTE).touch()


def remove_until(number: int) -> None:
    """Lets this process take away that many names, and then kills it."""
    left = number

    def mortal(remove: Callable[..., None]) -> Callable[..., None]:
        def removed(*args: Any, **given: Any) -> None:  # noqa: ANN401 - as os has it
            nonlocal left
            remove(*args, **given)
            left -= 1
            if not left:
                kill()

        return removed

    for name in ("unlink", "remove", "rmdir"):
        setattr(os, name, mortal(getattr(os, name)))


# Signals at the command line

PAUSING = """

# For tests: says that it is at a step, and waits there to be interrupted
def _pause(step):
    import os, pathlib, time
    if step == os.environ.get("PAUSE_AT"):
        pathlib.Path(os.environ["PAUSED"]).touch()
        for _ in range(600):
            time.sleep(0.05)

_undisturbed = load
def load(project, progress, options=None, reached=None):
    return _undisturbed(project, progress, options, _pause)
"""

QUERYING = """

# For tests: says that it counts, and lets DuckDB count for a second or two
def count(connection, table, rebuilt=""):
    import os, pathlib
    pathlib.Path(os.environ["PAUSED"]).touch()
    slow = "select count(*) from range(400000000) as many (n) where hash(n) % 3 = 1"
    return connection.execute(slow).fetchall()[0][0]
"""


@pytest.mark.parametrize("where", ["inserted", "in a query"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_signal_ends_a_load_and_leaves_the_old_state(
    number: signal.Signals, where: str, checkout: Checkout, tmp_path: Path
) -> None:
    succeeds(checkout.invoke("up", "load", env=SMALL))
    before = everything(checkout)
    extra = checkout.root / "data/landing/log_data/extra.json"
    extra.write_text(json.dumps(EVENT))
    name, text = (
        ("load.py", PAUSING)
        if where == "inserted"
        else (
            "duckdb_engine.py",
            QUERYING,
        )
    )
    module = checkout.root / "infra" / "loading" / name
    sound = module.read_text()
    module.write_text(sound + text)
    paused = tmp_path / "paused"
    env = SMALL | {"PAUSE_AT": where, "PAUSED": str(paused)}
    with subprocess.Popen(
        invoke_command("load"),
        cwd=checkout.root,
        env=checkout.environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            wait_for(paused.exists)
            time.sleep(0.1)  # for DuckDB to begin; it may notice at the end only
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    if number == signal.SIGINT:
        completed = subprocess.CompletedProcess([], process.returncode, stdout, stderr)
        assert fails(completed, 130) == "load: interrupted.\n"
    else:
        assert process.returncode == -number
    assert everything(checkout) == before
    module.write_text(sound)
    succeeds(checkout.invoke("load", env=SMALL))
    assert len(everything(checkout)[0]) == len(before[0]) + 1
    assert not holder.work_folder(checkout.project.profile.path).exists()


def test_ctrl_c_is_one_sentence_also_while_workers_read(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", "load", env=SMALL))
    before = everything(checkout)
    module = checkout.root / "infra" / "loading" / "inspection.py"
    eager, count = re.subn(
        r"^WORTH_A_WORKER = .*$", "WORTH_A_WORKER = 1", module.read_text(), flags=re.M
    )
    assert count == 1
    module.write_text(eager)
    for name in ("one", "two"):
        path = checkout.root / f"data/landing/log_data/{name}.json"
        path.write_text((json.dumps(EVENT | {"song": name}) + "\n") * 100_000)
    with subprocess.Popen(
        invoke_command("load"),
        cwd=checkout.root,
        env=checkout.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            wait_for(lambda: len(workers_of(process.pid)) == 2)
            workers = workers_of(process.pid)
            time.sleep(0.1)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            stdout, stderr = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    completed = subprocess.CompletedProcess([], process.returncode, stdout, stderr)
    assert fails(completed, 130) == "load: interrupted.\n"
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert everything(checkout) == before


def workers_of(parent: int) -> list[int]:
    """The processes that a process started in its main thread."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except OSError:
        pytest.skip("this system does not tell of children")
    return [int(child) for child in children.split()]


def everything(checkout: Checkout) -> list[list[tuple[Any, ...]]]:
    with reader(checkout.project.profile) as connection:
        return [
            connection.execute(f"from {name} order by all").fetchall()
            for name in (EVENTS.relation, SONGS.relation, "load.load_files")
        ]


def wait_for(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < ends, "waited for too long"
        time.sleep(0.02)


if __name__ == "__main__":
    _, _root, _name, _how = sys.argv
    _found = (
        tidying(Path(_root), KINDS[_name])
        if _how == "tidying"
        else laboratory(Path(_root), KINDS[_name], _how)
    )
    for _each in _found:
        sys.stdout.write(json.dumps(_each, default=str) + "\n")
