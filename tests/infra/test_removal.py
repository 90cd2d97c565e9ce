import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from checkout import SMALL, Checkout, fails, succeeds

from infra.rehearsal import scratch


@pytest.fixture
def before(checkout: Checkout) -> set[str]:
    """What was there before anything was made."""
    return set(checkout.files())


@pytest.fixture
def ready(checkout: Checkout, before: set[str]) -> Checkout:
    """A checkout after up and load."""
    assert before
    succeeds(checkout.invoke("up", "load", env=SMALL))
    return checkout


def down(checkout: Checkout) -> str:
    return succeeds(checkout.invoke("down", "--yes", env=SMALL))


def test_down_leaves_the_checkout_as_it_was(ready: Checkout, before: set[str]) -> None:
    told = down(ready)
    for name in ("sparkify.duckdb", "data/landing", "profiles.yml"):
        assert f"  remove {name}\n" in told
    assert "removed 3 things" in told
    assert ready.files().keys() == before
    assert not (ready.root / ".sparkify").exists()
    assert "nothing here was made by `up` or `load`" in down(ready)


def test_what_a_rehearsal_left_goes_too_unless_one_is_running(ready: Checkout) -> None:
    with scratch.taken(ready.root) as place:
        (place.folder / "key.pem").touch()
        assert "removed 3 things" in down(ready)
        assert place.folder.exists()
    succeeds(ready.invoke("up", env=SMALL))
    down(ready)
    assert not (ready.root / ".sparkify").exists()


def test_down_asks_and_nobody_answers(ready: Checkout) -> None:
    files = ready.files()
    completed = ready.invoke("down", env=SMALL)
    assert "down: There is nobody to ask; add --yes" in fails(completed, 2)
    assert "  remove sparkify.duckdb\n" in completed.stdout
    assert ready.files() == files


def test_an_edited_profile_stays(ready: Checkout) -> None:
    profile = ready.root / "profiles.yml"
    profile.write_text(profile.read_text() + "# mine\n")
    assert "  leave  profiles.yml: edited since `up` wrote it\n" in down(ready)
    assert profile.read_text().endswith("# mine\n")
    assert not (ready.root / "sparkify.duckdb").exists()
    assert not (ready.root / "data").exists()


def test_a_landing_that_a_person_filled_stays(checkout: Checkout) -> None:
    for name in ("log_data", "song_data"):
        mine = checkout.root / "data" / "landing" / name / "mine.json"
        mine.parent.mkdir(parents=True)
        mine.write_text('{"page": "Home", "title": "x"}')
    landing = {name for name in checkout.files() if name.startswith("data/")}
    succeeds(checkout.invoke("up", "load"))
    told = down(checkout)
    assert "  leave  data/landing: raw files that `up` did not make\n" in told
    assert landing <= checkout.files().keys()
    assert not (checkout.root / "sparkify.duckdb").exists()


def test_a_sample_that_a_person_generated_stays(checkout: Checkout) -> None:
    options = ["--users", "2", "--songs", "3", "--days", "1"]
    succeeds(checkout.invoke("generate", *options, "up"))
    assert "  leave  data/landing: raw files that `up` did not make\n" in down(checkout)
    assert (checkout.root / "data" / "landing" / "truth.json").exists()


def test_real_files_in_the_sample_s_place_stay(ready: Checkout) -> None:
    (ready.root / "data" / "landing" / "truth.json").unlink()
    assert "  leave  data/landing: " in down(ready)
    assert list(ready.root.glob("data/landing/song_data/**/*.json"))


def test_a_sample_with_a_file_of_a_person_stays(ready: Checkout) -> None:
    (ready.root / "data" / "landing" / "song_data" / "mine.json").write_text("{}")
    landing = {name for name in ready.files() if name.startswith("data/")}
    assert "  leave  data/landing: " in down(ready)
    assert landing <= ready.files().keys()


@pytest.mark.parametrize(
    ("statement", "relation"),
    [
        ("create schema mine; create table mine.notes as select 1", "mine.notes"),
        ("create view notes as select 1", "main.notes"),
        ("create table staging.notes as select 1", "staging.notes"),
        (
            "create schema sparkify_marts; create table sparkify_marts.notes (i int)",
            "sparkify_marts.notes",
        ),
    ],
)
def test_a_warehouse_with_something_of_a_person_stays(
    statement: str, relation: str, ready: Checkout
) -> None:
    with duckdb.connect(ready.root / "sparkify.duckdb") as connection:
        connection.execute(statement)
    assert f"  leave  sparkify.duckdb: it also holds {relation}\n" in down(ready)
    assert (ready.root / "sparkify.duckdb").exists()
    assert not (ready.root / "data").exists()


def test_what_stayed_is_removed_once_its_reason_is_gone(ready: Checkout) -> None:
    warehouse = ready.root / "sparkify.duckdb"
    with duckdb.connect(warehouse) as connection:
        connection.execute("create schema mine; create table mine.notes as select 1")
    profile = (ready.root / "profiles.yml").read_text()
    down(ready)
    (ready.root / "profiles.yml").write_text(profile)
    with duckdb.connect(warehouse) as connection:
        connection.execute("drop schema mine cascade")
    down(ready)
    assert not warehouse.exists()


def test_a_warehouse_from_before_up_stays(checkout: Checkout) -> None:
    with duckdb.connect(checkout.root / "sparkify.duckdb"):
        pass
    succeeds(checkout.invoke("up", env=SMALL))
    assert "  leave  sparkify.duckdb: it was there before `up`\n" in down(checkout)
    assert (checkout.root / "sparkify.duckdb").exists()


@pytest.mark.parametrize("read_only", [False, True], ids=["written", "read"])
def test_a_warehouse_in_use_stops_down_before_anything_is_removed(
    read_only: bool, ready: Checkout
) -> None:
    files = ready.files()
    with duckdb.connect(ready.root / "sparkify.duckdb", read_only=read_only):
        told = fails(ready.invoke("down", "--yes", env=SMALL), 1)
    assert "is in use by" in told
    assert ready.files() == files


def test_notes_of_a_killed_run_do_not_stop_down(
    ready: Checkout, before: set[str]
) -> None:
    (ready.root / ".sparkify" / "steps.json.partial").write_text("[")
    down(ready)
    assert ready.files().keys() == before


@pytest.mark.parametrize("content", ["", "[1]", '{"colour": "blue"}', "\0"])
def test_without_readable_notes_nothing_counts_as_made(
    content: str, ready: Checkout
) -> None:
    (ready.root / ".sparkify" / "made.json").write_text(content)
    files = {name for name in ready.files() if not name.startswith(".sparkify")}
    assert "nothing here was made" in down(ready)
    assert files <= ready.files().keys()


# What up notes


def test_up_notes_what_it_made_and_not_what_it_found(checkout: Checkout) -> None:
    notes = checkout.root / ".sparkify" / "made.json"
    succeeds(checkout.invoke("up", env=SMALL))
    first = json.loads(notes.read_text())
    assert first.keys() == {"profile", "warehouse", "landing"}
    assert all(first.values())
    succeeds(checkout.invoke("up", env=SMALL))
    assert json.loads(notes.read_text()) == first


def test_up_keeps_an_edited_profile_and_warns_of_another_warehouse(
    checkout: Checkout,
) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    profile = checkout.root / "profiles.yml"
    mine = profile.read_text().replace("sparkify.duckdb", "mine.duckdb")
    profile.write_text(mine)
    told = succeeds(checkout.invoke("up", env=SMALL))
    assert "warning: profiles.yml was edited and names mine.duckdb" in told
    assert profile.read_text() == mine
    assert (checkout.root / "mine.duckdb").exists()


def test_up_follows_the_setting_of_the_warehouse(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    moved = {**SMALL, "INVOKE_SPARKIFY_WAREHOUSE": "data/moved.duckdb"}
    assert "made 2, found 1" in succeeds(checkout.invoke("up", env=moved))
    assert "path: data/moved.duckdb" in (checkout.root / "profiles.yml").read_text()
    assert (checkout.root / "data" / "moved.duckdb").exists()


def test_an_edit_that_keeps_the_size_is_an_edit(ready: Checkout) -> None:
    (log,) = (ready.root / "data/landing/log_data").glob("*/*/*-01-events.json")
    log.write_bytes(log.read_bytes().replace(b"NextSong", b"MyEdit!!", 1))
    assert "its files were changed since" in down(ready)
    assert b"MyEdit!!" in log.read_bytes()


def test_a_linked_landing_and_what_it_leads_to_stay(
    checkout: Checkout, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (checkout.root / "data").mkdir()
    (checkout.root / "data" / "landing").symlink_to(folder)
    succeeds(checkout.invoke("up", env=SMALL))
    assert "  leave  data/landing: a link" in down(checkout)
    assert (folder / "truth.json").exists()


def test_a_broken_warehouse_stays_and_the_rest_goes(ready: Checkout) -> None:
    (ready.root / "sparkify.duckdb").write_bytes(b"x" * 9999)
    assert "  leave  sparkify.duckdb: " in down(ready)
    assert not (ready.root / "data").exists()


def test_folders_made_for_the_warehouse_go_with_it(
    checkout: Checkout, before: set[str]
) -> None:
    env = SMALL | {"INVOKE_SPARKIFY_WAREHOUSE": "out/deep er/x.duckdb"}
    succeeds(checkout.invoke("up", env=env))
    succeeds(checkout.invoke("down", "--yes", env=env))
    assert checkout.files().keys() == before
    assert not (checkout.root / "out").exists()


def test_what_a_killed_simulation_left_is_swept(checkout: Checkout) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    left = checkout.root / "data" / f"landing.partial-{dead}"
    left.mkdir(parents=True)
    (left / "half").write_text("")
    succeeds(checkout.invoke("up", env=SMALL))
    assert not left.exists()
