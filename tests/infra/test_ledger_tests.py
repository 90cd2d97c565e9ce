"""dbt's tests of the ledger: all hold for a sound one, and each can fail."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from checkout import Checkout, Shared, succeeds
from written_ledger import EVENTS, SONGS, Pen, make_warehouse, writing

COMPILED = Path("target/compiled/sparkify")
SINGULAR = {
    "a_file_has_one_live_version",
    "every_row_of_a_file_is_staged_or_rejected",
    "rejects_of_a_file_are_those_the_ledger_counts",
    "rows_of_a_file_are_those_the_ledger_counts",
    "staging_is_what_the_ledger_says",
}
LIVE, COUNTED, REJECTS, BY_FILE, STAGED = sorted(SINGULAR)

Break = Callable[[Pen], object]


def write_sound_ledger(pen: Pen) -> None:
    """All that can happen to a file, in a ledger and raw tables that agree."""
    now = datetime.now(UTC).replace(tzinfo=None)
    pen.run(1, started_at=now, finished_at=now)
    pen.run(1, SONGS, started_at=now, finished_at=now)
    pen.run(2, status="failed", started_at=now, finished_at=now)
    pen.run(3, status="running", finished_at=None, seconds=None)
    pen.run(4, started_at=now, finished_at=now)
    pen.run(5, started_at=now, finished_at=now)
    pen.run(6, status="nothing", started_at=now, finished_at=now)
    pen.file(1, "log/sound", rows_in_file=3, rows_staged=2, rows_rejected=1)
    pen.row(1, "log/sound")
    pen.row(1, "log/sound")
    pen.reject(1, "log/sound")
    pen.reject(2, "log/broken")  # the load failed
    pen.file(1, "log/gone", status="gone", rows_in_file=1, rows_staged=1)
    pen.row(1, "log/gone")
    pen.file(
        1,
        "log/mended",
        status="superseded",
        superseded_by=4,
        rows_in_file=5,
        rows_staged=5,
    )
    pen.file(4, "log/mended", rows_in_file=1, rows_staged=1)
    pen.row(4, "log/mended")
    pen.file(5, "log/mended", status="rejected", rows_in_file=None, rows_staged=None)
    pen.reject(5, "log/mended", line=None)
    pen.file(1, "log/empty", note="empty")
    pen.file(1, "log/copy", status="duplicate", rows_in_file=None)
    pen.file(1, "log/sound", SONGS, rows_in_file=1, rows_staged=1)
    pen.row(1, "log/sound", SONGS)


@pytest.fixture(scope="session")
def tested(shared: Shared) -> Checkout:
    """A checkout with a sound ledger that dbt has tested; to be read only."""

    def make(folder: Path) -> None:
        checkout = Checkout.make(folder / "checkout")
        with writing(make_warehouse(checkout.root)) as pen:
            write_sound_ledger(pen)
        # cautious: no model is there, so no test that reads one can run
        only = ("--select", "source:*", "--indirect-selection", "cautious")
        completed = checkout.dbt("test", *only)
        succeeds(completed)

    return Checkout(shared("tested", make) / "checkout")


@pytest.fixture
def pen(tested: Checkout, tmp_path: Path) -> Iterator[Pen]:
    """Writes in a copy of the sound warehouse."""
    copy = tmp_path / "sparkify.duckdb"  # the compiled tests know it by this name
    shutil.copyfile(tested.project.profile.path, copy)
    with duckdb.connect(copy) as connection:
        yield Pen(connection)


def failing(tested: Checkout, pen: Pen) -> set[str]:
    """The names of the tests for which rows are found now."""
    return {
        path.stem
        for path in (tested.root / COMPILED).rglob("*.sql")
        if pen.connection.execute(path.read_text()).fetchone()
    }


def test_a_sound_ledger_passes_every_test(tested: Checkout) -> None:
    results = json.loads((tested.root / "target/run_results.json").read_text())
    statuses = {
        each["unique_id"].split(".")[2]: each["status"]
        for each in results["results"]
        if each["unique_id"].startswith("test.")  # the project's hook has a result, too
    }
    assert statuses.keys() >= SINGULAR
    assert set(statuses.values()) == {"pass"}
    assert len(list((tested.root / COMPILED).rglob("*.sql"))) == len(statuses)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        pytest.param(
            lambda pen: pen.row(1, "log/sound"), {BY_FILE, STAGED}, id="twice"
        ),
        pytest.param(lambda pen: pen.row(9, "x"), {BY_FILE, STAGED}, id="unknown_row"),
        pytest.param(
            lambda pen: pen.connection.execute("delete from staging.staging_songs"),
            {BY_FILE, STAGED},
            id="rows_lost",
        ),
        pytest.param(
            lambda pen: pen.connection.execute(
                "update staging.staging_events set _load_id = null where _load_id = 4"
            ),
            {BY_FILE},
            id="row_without_load",
        ),
        pytest.param(
            lambda pen: pen.connection.execute(
                "update staging.staging_events set _source_uri = 'log/gone' "
                "where _source_uri = 'log/sound'"
            ),
            {BY_FILE},
            id="row_of_another_file",
        ),
        pytest.param(
            lambda pen: pen.file(1, "x", "no_table", rows_in_file=1, rows_staged=1),
            {BY_FILE, STAGED},
            id="unknown_raw_table",
        ),
        pytest.param(
            lambda pen: pen.file(9, "log/new", rows_in_file=1), {COUNTED}, id="lost_row"
        ),
        pytest.param(
            lambda pen: pen.file(9, "log/new", rows_in_file=1, rows_rejected=1),
            {REJECTS},
            id="reject_without_reason",
        ),
        pytest.param(
            lambda pen: pen.reject(4, "log/mended"), {REJECTS}, id="uncounted_reject"
        ),
        *(
            pytest.param(
                lambda pen, status=status: pen.file(9, "log/empty", status=status),
                {LIVE},
                id=f"loaded_and_{status}",
            )
            for status in ("loaded", "gone", "duplicate")
        ),
        pytest.param(
            lambda pen: pen.file(9, "log/new", status="lost"),
            {"load_files_status_is_known"},
            id="unknown_status_of_a_file",
        ),
        *(
            pytest.param(
                lambda pen, given=given: pen.file(9, "log/new", **given),
                {"load_files_are_superseded_by_a_later_load"},
                id=f"superseded_{name}",
            )
            for name, given in {
                "by_nobody": {"status": "superseded"},
                "and_counting": {"status": "duplicate", "superseded_by": 10},
                "by_itself": {"status": "superseded", "superseded_by": 9},
            }.items()
        ),
        pytest.param(
            lambda pen: pen.run(9, status="lost"),
            {"load_runs_status_is_known"},
            id="unknown_status_of_a_run",
        ),
        pytest.param(
            lambda pen: pen.reject(9, "log/new", at=None),
            {"source_not_null_load_load_rejects__at_"},
            id="reject_without_moment",
        ),
    ],
)
def test_what_is_broken_is_found(
    tested: Checkout, pen: Pen, broken: Break, expected: set[str]
) -> None:
    assert failing(tested, pen) == set()
    broken(pen)
    assert failing(tested, pen) == expected


@pytest.mark.slow
def test_freshness_is_that_of_the_last_load_that_succeeded(tmp_path: Path) -> None:
    checkout = Checkout.make(tmp_path / "checkout")
    project = make_warehouse(checkout.root)

    def freshness() -> str:
        succeeds(checkout.dbt("source", "freshness"))
        found = json.loads((checkout.root / "target/sources.json").read_text())
        (result,) = found["results"]
        assert result["unique_id"] == "source.sparkify.load.load_runs"
        return str(result["status"])

    now = datetime.now(UTC).replace(tzinfo=None)
    with writing(project) as pen:
        long_ago = now - timedelta(days=3)
        pen.run(1, EVENTS, started_at=long_ago, finished_at=long_ago)
        pen.run(2, EVENTS, status="failed", started_at=now, finished_at=now)
    assert freshness() == "warn"
    with writing(project) as pen:
        pen.run(3, EVENTS, status="nothing", started_at=now, finished_at=now)
    assert freshness() == "pass"
