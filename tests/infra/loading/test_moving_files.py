"""Files that change while they are loaded, clocks gone wrong, disks that are full."""

import contextlib
import gzip
import hashlib
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checkout import SMALL, Checkout, fails, invoke_command, succeeds
from landing_files import EVENT, EVENTS, SONG, SONGS, LandingFiles, Record, encoded
from slow import slow

from infra.console import Bar
from infra.errors import LoadError
from infra.landing import folder as local
from infra.landing.simulator.folder import FORMAT
from infra.landing.source import Source
from infra.loading import intake
from infra.warehouse import writer

NAME = "log_data/moving.json"
SMALL_FILE = 1000  # bytes: two events are small, more are large

Moment = tuple[int, int]  # line and `ts` of an event


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LandingFiles:
    """A landing that is empty; files of more than two events are large."""
    monkeypatch.setattr(intake, "SMALL", SMALL_FILE)
    return LandingFiles(tmp_path / "lab", threads=2)


def events(*moments: int) -> list[Record]:
    return [EVENT | {"ts": 1541106106000 + moment} for moment in moments]


# A file for each route into the raw table, and how it looks with other moments in it

ROUTES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "joined": (".json", lambda at: encoded(events(at, at + 1))),
    "whole": (".json", lambda at: encoded(events(*range(at, at + 9)))),
    "careful": (".json", lambda at: encoded(events(at)) + b"\n\n{bad\n"),
    "large careful": (
        ".json",
        lambda at: encoded(events(*range(at, at + 9))) + b"\n{bad",
    ),
    "packed": (
        ".json.gz",
        lambda at: gzip.compress(encoded(events(at, at + 1)), 0, mtime=0),
    ),
}


def good_rows(content: bytes) -> list[Moment]:
    """The rows that a file's bytes are, by a reader of no subtlety."""
    text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    found = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        with contextlib.suppress(json.JSONDecodeError):
            found.append((number, json.loads(line)["ts"]))
    return found


def rewritten(path: Path, other: bytes) -> None:
    path.write_bytes(other)


def rewritten_unseen(path: Path, other: bytes) -> None:
    """Other bytes of the same number, under the same time."""
    times = path.stat()
    with path.open("r+b") as file:
        file.write(other)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def appended(path: Path, other: bytes) -> None:
    more = b"\n" + (gzip.decompress(other) if path.suffix == ".gz" else other)
    with path.open("ab") as file:
        file.write(gzip.compress(more) if path.suffix == ".gz" else more)


def replaced(path: Path, other: bytes) -> None:
    beside = path.with_name("_beside")
    beside.write_bytes(other)
    beside.replace(path)


def deleted(path: Path, _: bytes) -> None:
    path.unlink()


def truncated(path: Path, _: bytes) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path, _: bytes) -> None:
    os.truncate(path, 0)


ACTIONS = (
    *(rewritten, rewritten_unseen, appended, replaced, deleted, truncated, emptied),
)
LATER = ("listed", "decided", "deleted", "checked", "recorded", "swapped")


@pytest.mark.parametrize(
    ("route", "is_known"),
    [
        ("joined", False),
        *(slow("whole", True), slow("large careful", True)),
        *(slow("joined", True), slow("whole", False), slow("careful", False)),
        *(slow("packed", True), slow("large careful", False)),
        *(slow("careful", True), slow("packed", False)),
    ],
)
def test_a_file_that_changes_while_it_is_loaded_is_never_mixed(
    route: str, is_known: bool, lab: LandingFiles
) -> None:
    cases = [
        *((action, "inserted" if is_known else "identified") for action in ACTIONS),
        *((deleted if is_known else rewritten_unseen, step) for step in LATER),
    ]
    suffix, made = ROUTES[route]
    lab.good()
    names = [f"log_data/{number}{suffix}" for number in range(len(cases))]
    if is_known:
        for number, name in enumerate(names):
            lab.write(name, made(number * 1000))
    lab.load(max_rejects="100")
    for number, (case, name) in enumerate(zip(cases, names, strict=True)):
        path = lab.write(name, made(number * 1000 + 200))
        change_in_flight(lab, name, *case, made(number * 1000 + 300))
        if path.exists():
            path.unlink()
    assert lab.load(prune=True).load_id
    lab.check()


def change_in_flight(
    lab: LandingFiles,
    name: str,
    action: Callable[[Path, bytes], None],
    step: str,
    other: bytes,
) -> None:
    """Loads a file that changes at a step; holds what is staged to its hash."""
    path = lab.landing / name
    old = staged(lab, name)
    seen = [path.read_bytes()]

    def reached(here: str) -> None:
        if here == step and len(seen) == 1:
            action(path, other)
            seen.append(path.read_bytes() if path.exists() else b"")

    case = f"{action.__name__} at {step}"
    complaint = complaint_of(lambda: lab.load(reached=reached))
    if complaint:
        unread = (action, step) == (deleted, "listed")
        assert ("cannot be read" if unread else "changed while it") in complaint, case
        assert name in complaint, case
        assert staged(lab, name) == old, case
        assert {row["status"] for row in lab.run().values()} == {"failed"}, case
    else:
        content = {hashlib.sha256(each).hexdigest(): each for each in seen}
        etag = lab.live()[name]["etag"]
        assert staged(lab, name) == good_rows(content[etag]), case
    assert len(seen) == 2, case
    if path.suffix == ".gz" and action in (truncated, emptied):
        with pytest.raises(LoadError, match=r"bad_gzip|not_gzip"):
            lab.load()
        return
    lab.load(max_rejects="5")
    if path.exists():
        now = path.read_bytes()
        assert staged(lab, name) == good_rows(now), case
        assert lab.live()[name]["etag"] == hashlib.sha256(now).hexdigest(), case
    elif name in lab.live():
        assert lab.live()[name]["status"] == "gone", case


def complaint_of(work: Callable[[], object]) -> str | None:
    try:
        work()
    except LoadError as error:
        return str(error)
    return None


def staged(lab: LandingFiles, name: str) -> list[Moment]:
    return [
        (row["_line"], row["ts"]) for row in lab.rows() if row["_source_uri"] == name
    ]


@pytest.mark.parametrize("after", [1, 2])
def test_a_file_that_changes_between_two_blocks_is_told(
    after: int, lab: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lab.write(NAME, events(*range(40)))
    lab.write("song_data/a.json", SONG)
    plain = local.blocks

    def blocks(descriptor: int, _: int = 0) -> Iterator[bytes]:
        for number, block in enumerate(plain(descriptor, 4000), start=1):
            if number == after:
                appended(path, encoded(events(99)))
            yield block

    monkeypatch.setattr(local, "blocks", blocks)
    assert f"{NAME} changed while it was read" in lab.refusal()
    monkeypatch.undo()
    lab.load()
    assert len(lab.rows()) == 41
    lab.check()


@pytest.mark.parametrize("action", [rewritten, deleted])
def test_a_duplicate_that_changes_when_its_turn_comes_is_no_fault(
    action: Callable[[Path, bytes], None],
    lab: LandingFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = lab.write("log_data/1.json", EVENT)
    second = lab.write("log_data/2.json", EVENT)
    lab.write("log_data/3.json", EVENT)
    lab.write("song_data/a.json", SONG)
    lab.load()
    first.unlink()
    plain = Source.fetched

    def fetched(source: Source, files: Any, bar: Bar) -> Any:  # noqa: ANN401 - as it is
        if [each.uri for each in files] == ["log_data/2.json"]:
            action(second, encoded(events(5)))
        return plain(source, files, bar)

    monkeypatch.setattr(Source, "fetched", fetched)
    if complaint_of(lambda: lab.load(prune=True)) is None:
        for name, row in lab.live().items():
            path = lab.landing / name
            if row["status"] == "loaded" and row["target"] == EVENTS.name:
                assert row["etag"] == hashlib.sha256(path.read_bytes()).hexdigest()
                assert staged(lab, name) == good_rows(path.read_bytes())
    monkeypatch.undo()
    lab.load(prune=True)
    assert sorted(row["ts"] for row in lab.rows()) == sorted(
        [EVENT["ts"]] + ([events(5)[0]["ts"]] if action is rewritten else [])
    )
    lab.check()


# Clocks


@pytest.fixture
def patient(lab: LandingFiles, monkeypatch: pytest.MonkeyPatch) -> LandingFiles:
    """A landing whose files count as old, so that their stamps are remembered."""
    monkeypatch.setattr(local, "RACY_NANOSECONDS", -(10**18))
    lab.good()
    lab.load()
    return lab


def reads_nothing(lab: LandingFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that has to get along without a look into any file."""

    def opened(path: Path) -> int:
        raise AssertionError(path)

    with monkeypatch.context() as patched:
        patched.setattr(local, "opened", opened)
        assert lab.load().is_nothing


def test_a_stamp_is_remembered_and_the_file_not_read_again(
    patient: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads_nothing(patient, monkeypatch)


def test_a_change_that_keeps_size_and_time_is_found(patient: LandingFiles) -> None:
    path = patient.landing / "log_data" / "good.json"
    other = path.read_bytes().replace(b"1541106106796", b"1541106106797")
    rewritten_unseen(path, other)
    loaded = patient.load()
    assert [file.uri for file in loaded.targets[0].decisions.changed] == [
        "log_data/good.json"
    ]
    assert staged(patient, "log_data/good.json") == good_rows(other)
    patient.check()


@pytest.mark.parametrize("moment", [0, 1, 2_000_000_000, 10_000_000_000])
def test_any_time_of_modification_will_do(moment: int, lab: LandingFiles) -> None:
    lab.good()
    path = lab.landing / "log_data" / "good.json"
    os.utime(path, (moment, moment))
    lab.load()
    assert lab.live()["log_data/good.json"]["modified_at"].year in (1970, 2033, 2286)
    assert lab.load().is_nothing
    rewritten_unseen(path, path.read_bytes().replace(b"Dizzy", b"Fuzzy"))
    lab.load()
    assert {row["song"] for row in lab.rows()} == {"Fuzzy Parade"}
    lab.check()


def test_a_file_that_changed_a_moment_ago_is_read_again(lab: LandingFiles) -> None:
    lab.good()
    lab.load()
    assert lab.live()["log_data/good.json"]["stamp"] is None


def test_a_file_of_the_future_is_never_known_by_its_stamp(lab: LandingFiles) -> None:
    lab.good()
    path = lab.landing / "log_data" / "good.json"
    os.utime(path, (4_000_000_000, 4_000_000_000))
    lab.load()
    assert lab.live()["log_data/good.json"]["stamp"] is None


def test_a_touched_file_is_the_same_and_that_is_remembered(
    patient: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = patient.landing / "log_data" / "good.json"
    os.utime(path)
    rows = patient.rows()
    loaded = patient.load()
    assert loaded.is_nothing
    assert [file.uri for file in loaded.targets[0].decisions.touched] == [
        "log_data/good.json"
    ]
    assert patient.rows() == rows
    assert patient.live()["log_data/good.json"]["stamp"] == local.stamp_of(path.stat())
    reads_nothing(patient, monkeypatch)


def test_a_copied_landing_is_the_same_and_that_is_remembered(
    patient: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.write(
        "log_data/same.json",
        patient.landing.joinpath("log_data/good.json").read_bytes(),
    )
    patient.load()
    elsewhere = patient.landing.with_name("elsewhere")
    shutil.copytree(patient.landing, elsewhere)
    shutil.rmtree(patient.landing)
    elsewhere.rename(patient.landing)
    loaded = patient.load()
    assert loaded.is_nothing
    assert sum(len(each.decisions.same) for each in loaded.targets) == 3
    reads_nothing(patient, monkeypatch)


def test_a_file_that_another_takes_the_place_of_is_changed(
    patient: LandingFiles,
) -> None:
    path = patient.landing / "log_data" / "good.json"
    other = encoded(events(1, 2, 3))
    times = path.stat()
    replaced(path, other)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    patient.load()
    assert staged(patient, "log_data/good.json") == good_rows(other)
    patient.check()


def test_files_that_change_places_are_two_changes(patient: LandingFiles) -> None:
    one, other = (
        patient.landing / "log_data" / name for name in ("good.json", "b.json")
    )
    patient.write("log_data/b.json", events(1))
    patient.load()
    between = one.rename(one.with_name("_between"))
    other.rename(one)
    between.rename(other)
    loaded = patient.load()
    assert len(loaded.targets[0].decisions.changed) == 2
    assert staged(patient, "log_data/good.json") == good_rows(one.read_bytes())
    assert staged(patient, "log_data/b.json") == good_rows(other.read_bytes())
    patient.check()


def test_thousands_of_files_are_listed_loaded_and_known_again(
    patient: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = patient.landing / "song_data" / "A"
    folder.mkdir()
    for number in range(3000):
        song = SONG | {"song_id": f"SO{number:05}"}
        (folder / f"TR{number:05}.json").write_bytes(encoded(song))
    loaded = patient.load()
    assert len(loaded.targets[1].decisions.new) == 3000
    assert len({row["song_id"] for row in patient.rows(SONGS.name)}) == 3001
    reads_nothing(patient, monkeypatch)
    for number in range(0, 3000, 2):
        (folder / f"TR{number:05}.json").unlink()
    patient.load(prune=True)
    assert len(patient.rows(SONGS.name)) == 1501
    patient.check()


# Links and pipes that take turns


def test_what_cannot_be_read_for_one_reason_and_then_for_another_stands_once(
    lab: LandingFiles,
) -> None:
    lab.good()
    path = lab.landing / "log_data" / "odd.json"
    path.symlink_to("good.json")
    lab.load()
    path.unlink()
    os.mkfifo(path)
    lab.load()
    rejected = [row for row in lab.live().values() if row["status"] == "rejected"]
    assert [row["etag"] for row in rejected] == ["not_regular"]
    counted = lab.query(
        "select count(*) from load.load_files where status = 'rejected'"
    )
    assert counted == [(1,)]
    lab.check()


# A full refresh


def test_a_full_refresh_loads_all_anew_and_forgets_the_old(lab: LandingFiles) -> None:
    lab.good()
    gone = lab.write("log_data/gone.json", events(1))
    lab.write("log_data/double.json", EVENT)
    lab.write("log_data/twice.json", EVENT)
    lab.load()
    gone.unlink()
    lab.load()
    loaded = lab.load(full_refresh=True)
    assert not loaded.is_nothing
    assert {row["_load_id"] for row in lab.rows()} == {3}
    assert {row["_source_uri"] for row in lab.rows()} == {
        *("log_data/good.json", "log_data/double.json")
    }
    for row in lab.ledger():
        assert (row["status"] == "superseded") is (row["load_id"] < 3), row
        assert row["superseded_by"] in (None, 3), row
    assert lab.query("select distinct args from load.load_runs where load_id = 3") == [
        ("--full-refresh",)
    ]
    lab.check()


def test_a_full_refresh_that_fails_leaves_the_old_tables(lab: LandingFiles) -> None:
    lab.good()
    lab.load()
    lab.write("log_data/bad.json", "{\n" * 50)
    told = lab.refusal(full_refresh=True)
    assert "rows are rejected" in told
    tables = lab.query("select table_name from information_schema.tables")
    assert not [name for (name,) in tables if "rebuilt" in name]
    (lab.landing / "log_data/bad.json").unlink()
    lab.check()


@pytest.mark.parametrize(
    "statement",
    [
        "alter table staging.staging_events add column mine integer",
        "alter table staging.staging_events drop column artist",
        "alter table staging.staging_events rename column artist to artiste",
    ],
)
def test_a_raw_table_with_other_columns_asks_for_a_full_refresh(
    statement: str, lab: LandingFiles
) -> None:
    lab.good()
    lab.load()
    rows = lab.rows()
    by_hand(lab, statement)
    with pytest.raises(LoadError, match=r"other columns .*--full-refresh"):
        lab.load()
    lab.load(full_refresh=True)
    assert [row | {"_load_id": 1} for row in lab.rows()] == rows
    lab.check()


@pytest.mark.parametrize("table", ["load_runs", "load_files", "load_rejects"])
def test_a_ledger_with_other_columns_asks_for_a_new_warehouse(
    table: str, lab: LandingFiles
) -> None:
    lab.good()
    lab.load()
    by_hand(lab, f"alter table load.{table} add column mine integer")
    for full_refresh in (False, True):
        with pytest.raises(LoadError, match=f"load.{table} .*`invoke down up load`"):
            lab.load(full_refresh=full_refresh)


@pytest.mark.parametrize(
    "statement",
    [
        slow("insert into staging.staging_events from staging.staging_events"),
        "delete from staging.staging_events",
        slow("drop table staging.staging_events"),
        "delete from load.load_files where target = 'staging_events'",
    ],
)
def test_what_somebody_else_did_to_a_raw_table_is_found(
    statement: str, lab: LandingFiles
) -> None:
    lab.good()
    lab.load()
    rows = lab.rows()
    by_hand(lab, statement)
    for happens in (lambda: None, lambda: lab.write("log_data/b.json", events(1))):
        happens()
        with pytest.raises(LoadError, match="somebody else changed it"):
            lab.load()
    (lab.landing / "log_data/b.json").unlink()
    lab.load(full_refresh=True)
    assert [row | {"_load_id": 1} for row in lab.rows()] == rows
    lab.check()


def by_hand(lab: LandingFiles, statement: str) -> None:
    with writer(lab.project.profile) as connection:
        connection.execute(statement)


# Samples


def sample(lab: LandingFiles, seed: int, *names: str) -> None:
    """A landing as the simulator leaves it: files, and the truth about them."""
    shutil.rmtree(lab.landing)
    for name in names:
        moment = sum(name.encode())
        lab.write(f"log_data/{name}.json", events(moment))
    lab.write("song_data/a.json", SONG)
    truth = {"format": FORMAT, "plan": {"seed": seed}}
    (lab.landing / "truth.json").write_text(json.dumps(truth))


def real_files(lab: LandingFiles, *names: str) -> None:
    sample(lab, 0, *names)
    (lab.landing / "truth.json").unlink()


def names(lab: LandingFiles) -> set[str]:
    return {row["_source_uri"][len("log_data/") : -len(".json")] for row in lab.rows()}


def test_another_sample_takes_the_place_of_a_sample(lab: LandingFiles) -> None:
    sample(lab, 1, "a", "b", "c")
    lab.load()
    sample(lab, 2, "b", "d")
    made = lab.load().targets[0].decisions
    assert names(lab) == {"b", "d"}
    assert [each.uri for each in made.pruned] == ["log_data/a.json", "log_data/c.json"]
    assert made.gone == []
    lab.check()


def test_a_file_of_two_samples_belongs_to_the_later_one(lab: LandingFiles) -> None:
    sample(lab, 1, "a", "b")
    lab.load()
    sample(lab, 2, "a", "b")
    lab.load()
    lab.check()
    (lab.landing / "log_data/a.json").unlink()
    decisions = lab.load().targets[0].decisions
    assert [each.uri for each in decisions.gone] == ["log_data/a.json"]
    assert names(lab) == {"a", "b"}
    lab.check()


def test_real_files_take_the_place_of_a_sample(lab: LandingFiles) -> None:
    sample(lab, 1, "a", "b")
    lab.load()
    real_files(lab, "r")
    lab.load()
    assert names(lab) == {"r"}
    superseded = [row for row in lab.ledger() if row["status"] == "superseded"]
    assert {row["note"] for row in superseded} == {
        "pruned by load 2: its file was gone"
    }
    assert {row["superseded_by"] for row in superseded} == {2}
    lab.check()


def test_a_sample_that_lost_files_keeps_their_rows_until_it_is_replaced(
    lab: LandingFiles,
) -> None:
    sample(lab, 1, "a", "b")
    lab.load()
    (lab.landing / "log_data" / "a.json").unlink()
    assert [each.uri for each in lab.load().targets[0].decisions.gone] == [
        "log_data/a.json"
    ]
    assert names(lab) == {"a", "b"}
    sample(lab, 2, "d")
    lab.load()
    assert names(lab) == {"d"}
    lab.check()


def test_real_files_that_are_gone_keep_their_rows_whatever_comes(
    lab: LandingFiles,
) -> None:
    real_files(lab, "r", "s")
    lab.load()
    sample(lab, 1, "a")
    assert len(lab.load().targets[0].decisions.gone) == 2
    assert lab.load().targets[0].decisions.known_gone == 2
    assert names(lab) == {"r", "s", "a"}
    real_files(lab, "s")
    lab.load()
    assert names(lab) == {"r", "s"}
    lab.load(prune=True)
    assert names(lab) == {"s"}
    lab.check()


# At the command line


def files_of(checkout: Checkout) -> list[tuple[Any, ...]]:
    return [
        row
        for name in (EVENTS.relation, SONGS.relation, "load.load_files")
        for row in checkout.query(f"from {name} order by all")
    ]


@pytest.mark.parametrize(
    ("more", "is_clean"),
    [(1 << 14, False), slow(1 << 20, True), slow(2 << 20, False)],
)
def test_a_disk_that_takes_no_more_leaves_the_old_state_and_a_sentence(
    more: int, is_clean: bool, checkout: Checkout
) -> None:
    succeeds(checkout.invoke("up", "load", env=SMALL))
    before = files_of(checkout)
    large = checkout.root / "data/landing/log_data/large.json"
    lines = [
        json.dumps(EVENT | {"ts": 1541106106796 + at * 7919, "song": f"{at * 7919:x}"})
        for at in range(20000)
    ]
    large.write_text("\n".join([*lines, *([] if is_clean else ["{"])]))
    small = checkout.root / "data/landing/song_data/large.json"
    small.write_bytes(encoded(SONG))
    limit = checkout.project.profile.path.stat().st_size if more > 1 << 16 else 0
    completed = subprocess.run(
        invoke_command("load"),
        cwd=checkout.root,
        env=checkout.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit + more, resource.RLIM_INFINITY)
        ),
    )
    told = fails(completed, 1)
    assert told.startswith("load: ")
    assert told.count("\n") == 1, told
    assert files_of(checkout) == before
    succeeds(checkout.invoke("load"))
    assert len(files_of(checkout)) == len(before) + 20000 + 1 + 2
    assert "nothing new" in succeeds(checkout.invoke("load"))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; only root can make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    if (
        not shutil.which("mount")
        or subprocess.run(mounted, capture_output=True, check=False).returncode
    ):
        pytest.skip("no right to mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_old_state_and_a_sentence(
    tiny_disk: Path, checkout: Checkout
) -> None:
    env = SMALL | {"INVOKE_SPARKIFY_WAREHOUSE": str(tiny_disk / "sparkify.duckdb")}
    succeeds(checkout.invoke("up", "load", env=env))
    before = files_of(checkout)
    folder = checkout.root / "data/landing/log_data"
    for number in range(20):
        lines = events(*range(number * 5000, number * 5000 + 2000))
        (folder / f"large-{number}.json").write_bytes(encoded(lines))
    told = fails(checkout.invoke("load", env=env), 1)
    assert told.startswith("load: ")
    assert told.count("\n") == 1, told
    assert files_of(checkout) == before
    for number in range(1, 20):
        (folder / f"large-{number}.json").unlink()
    succeeds(checkout.invoke("load", env=env))
    assert len(files_of(checkout)) == len(before) + 2000 + 1


SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIASECRETSECRETSECR",
    "AWS_SECRET_ACCESS_KEY": "wJalrSECRET/K7MDENG+bPxRfiCYSECRETKEY",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzSECRETTOKEN",
    "PGPASSWORD": "hunter2SECRET",
}


def test_no_secret_of_the_environment_is_told_or_kept(checkout: Checkout) -> None:
    env = SMALL | SECRETS
    told = [checkout.invoke("up", "load", env=env)]
    (checkout.root / "data/landing/log_data/bad.json").write_text("{\n" * 50)
    told += [
        checkout.invoke(*words, env=env)
        for words in (["load"], ["--debug", "load"], ["load", "--strict"], ["rejects"])
    ]
    assert [each.returncode for each in told] == [0, 1, 1, 1, 0]
    texts = [each.stdout + each.stderr for each in told]
    kept = b"".join(
        content
        for name, content in checkout.files().items()
        if not name.startswith("infra")
    )
    for secret in SECRETS.values():
        assert not [text for text in texts if secret in text]
        assert secret.encode() not in kept
