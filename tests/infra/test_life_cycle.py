import json
import re
import subprocess
from pathlib import Path

import pytest
from checkout import SMALL, Built, Checkout, Row, fails, invoke_command, succeeds

TASKS = {
    *("build", "check", "contents", "docs", "down", "generate", "lint", "load"),
    *("sql", "status", "test", "up", "verify"),
}
STAR = ("songplays", "users", "songs", "artists", "time")


def everything(checkout: Checkout) -> dict[str, list[Row]]:
    """All rows of all relations."""
    names = checkout.query(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = 'warehouse'"
    )
    return {name: checkout.query(f"from {name} order by all") for (name,) in names}


def nearly(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The same; sums of fractions depend on the order in which they are added."""
    return {
        name: [
            tuple(
                pytest.approx(c, rel=1e-9) if isinstance(c, float) else c for c in row
            )
            for row in each
        ]
        for name, each in rows.items()
    }


# The list of tasks


@pytest.mark.parametrize("words", [["--list"], []], ids=["--list", "alone"])
def test_invoke_lists_every_task_with_a_sentence(
    words: list[str], checkout: Checkout
) -> None:
    told = succeeds(checkout.invoke(*words))
    found = dict(re.findall(r"^  ([a-z]+)   *(\S.*)$", told, re.MULTILINE))
    assert found.keys() >= TASKS
    assert checkout.files() == Checkout(checkout.root).files()


def test_every_task_explains_its_options(checkout: Checkout) -> None:
    for name in ("sql", "docs", "down", "build", "generate", "test"):
        told = succeeds(checkout.invoke("--help", name))
        options = re.findall(
            r"^  (?:-\w, )?--[\w-]+(?:=STRING)?(.*)$", told, re.MULTILINE
        )
        options += re.findall(
            r"^  -\w(?: STRING)?, --[\w-]+(?:=STRING)?(.*)$", told, re.M
        )
        assert options, told
        assert all(words.strip() for words in options), told


def test_a_task_that_does_not_exist_is_a_sentence(checkout: Checkout) -> None:
    assert "No idea what 'lod' is" in fails(checkout.invoke("lod"), 1)


# One chain


def test_the_chain_makes_everything_and_says_what_comes_next(built: Built) -> None:
    told = built.completed.stdout
    assert built.completed.stderr == ""
    steps = re.findall(r"^(up|load|build|docs)  .* \(\d+\.\d s\)$", told, re.MULTILINE)
    assert steps == ["up", "load", "build", "docs"]
    assert told.count("next: ") == 4
    assert "made 3, found 0" in told
    for name in (
        *("profiles.yml", "sparkify.duckdb", "data/landing/truth.json"),
        *("target/docs/static_index.html", "target/run_results.json"),
        *(".sparkify/made.json", ".sparkify/steps.json"),
    ):
        assert (built.checkout.root / name).is_file(), name


def test_the_chain_tells_what_there_is(built: Built) -> None:
    counts = {
        name: built.checkout.value(f"select count(*) from {name}")
        for name in ("staging_events", "staging_songs")
    }
    assert (
        f"load  {counts['staging_events']:,} events from 30 files, "
        f"{counts['staging_songs']:,} songs from 1,200 files"
    ) in built.completed.stdout
    results = json.loads((built.checkout.root / "target/run_results.json").read_text())
    kinds = [each["unique_id"].split(".")[0] for each in results["results"]]
    models, seeds, tests = map(kinds.count, ("model", "seed", "test"))
    assert (
        f"build  {models} models, {seeds} seeds and {tests} tests"
        in built.completed.stdout
    )
    assert seeds > 0


def test_building_passes_without_a_warning(built: Built) -> None:
    results = json.loads((built.checkout.root / "target/run_results.json").read_text())
    statuses = {each["status"] for each in results["results"]}
    assert statuses == {"success", "pass", "no-op"}  # an exposure is no work
    assert "Warning" not in built.completed.stdout


def test_docs_leave_the_results_of_the_build(built: Built) -> None:
    target = built.checkout.root / "target"
    which = [
        json.loads((folder / "run_results.json").read_text())["args"]["which"]
        for folder in (target, target / "docs")
    ]
    assert which == ["build", "generate"]


def test_nothing_is_made_outside_of_what_git_ignores(
    built: Built, checkout: Checkout
) -> None:
    fresh = {path.name for path in checkout.root.iterdir()}
    assert {path.name for path in built.checkout.root.iterdir()} - fresh == {
        *("profiles.yml", "sparkify.duckdb", "data", "target", "logs", ".sparkify")
    }


# Again


def test_a_second_up_makes_nothing_and_a_second_load_changes_nothing(
    own_built: Checkout,
) -> None:
    rows, files = everything(own_built), own_built.files()
    assert "made 0, found 3" in succeeds(own_built.invoke("up"))
    after = own_built.files()
    after.pop(".sparkify/steps.json")
    assert after == {name: files[name] for name in files if "steps.json" not in name}
    assert "nothing new in 1,230 files" in succeeds(own_built.invoke("load"))
    again = everything(own_built)
    assert len(again.pop("load.load_runs")) == len(rows.pop("load.load_runs")) + 2
    # The files are copies: the ledger may know these by their place now
    assert len(again.pop("load.load_files")) == len(rows.pop("load.load_files"))
    assert again == rows


@pytest.mark.slow
def test_dbt_build_passes_by_itself_and_rebuilds_the_same(own_built: Checkout) -> None:
    rows = everything(own_built)
    told = succeeds(own_built.dbt("build", "--exclude-resource-type", "unit_test"))
    done = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0", told)
    assert done, told
    assert int(done[1]) > 60
    assert everything(own_built) == nearly(rows)


def test_tables_of_the_star_are_found_by_their_bare_names(built: Built) -> None:
    for name in STAR:
        assert built.checkout.value(f"select count(*) from {name}") > 0


# Failures


def test_dbt_s_failure_is_told_and_counted(own_built: Checkout) -> None:
    model = own_built.root / "models" / "star" / "users.sql"
    model.write_text(model.read_text().replace("from user_days", "from nowhere", 1))
    completed = own_built.invoke("build", "--select", "users")
    told = fails(completed, 1)
    assert "build: dbt build did not succeed. 1 failed" in told
    assert "nowhere does not exist" in completed.stdout
    assert own_built.value("select count(*) from users") > 0


def test_tasks_before_up_send_to_up(checkout: Checkout) -> None:
    before = checkout.files()
    for words in (
        *(["load"], ["build"], ["docs"], ["status"], ["verify"]),
        ["sql", "--query", "select 1"],
    ):
        assert "`invoke up" in fails(checkout.invoke(*words), 1)
    assert checkout.files() == before


def test_debug_shows_where_it_failed(checkout: Checkout) -> None:
    completed = checkout.invoke("--debug", "status")
    assert completed.returncode == 1
    assert "Traceback" in completed.stderr
    assert "WarehouseMissing: There is no profiles.yml yet" in completed.stderr


def test_a_fault_of_the_project_is_a_sentence_too(
    checkout: Checkout,
) -> None:
    (checkout.root / "infra" / "status.py").write_text("def status(_): return 1 / 0\n")
    completed = checkout.invoke("status")
    assert completed.returncode == 1
    assert "Traceback" not in completed.stderr
    assert "status: ZeroDivisionError: division by zero" in completed.stderr
    assert "This is a fault of the project" in completed.stderr


def test_an_interruption_is_no_traceback(checkout: Checkout) -> None:
    hook = "def status(_): raise KeyboardInterrupt\n"
    (checkout.root / "infra" / "status.py").write_text(hook)
    assert "status: interrupted." in fails(checkout.invoke("status"), 130)


def test_a_failed_step_is_not_noted(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    (checkout.root / "data" / "landing" / "song_data" / "bad.json").write_text(
        "{\n" * 11
    )
    fails(checkout.invoke("load"), 1)
    steps = json.loads((checkout.root / ".sparkify" / "steps.json").read_text())
    assert [step["name"] for step in steps] == ["up"]


def test_tasks_work_from_a_folder_below(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    completed = subprocess.run(
        invoke_command("status"),
        cwd=checkout.root / "models" / "star",
        env=checkout.environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "sparkify.duckdb" in succeeds(completed)


@pytest.mark.slow
def test_variables_of_dbt_lead_nowhere_else(checkout: Checkout, tmp_path: Path) -> None:
    succeeds(checkout.invoke("up", "load", env=SMALL))
    env = {"DBT_PROFILES_DIR": str(tmp_path), "DBT_QUIET": "1", "DBT_PROFILE": "other"}
    told = succeeds(checkout.invoke("build", "--select", "stg_songs", env=SMALL | env))
    assert "build  1 model" in told


@pytest.mark.slow
def test_a_selection_of_nothing_fails(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    told = fails(checkout.invoke("build", "--select", "nosuch"), 2)
    assert "matches no model" in told


def test_a_truth_of_somebody_else_is_not_ours_to_hold_against(
    own_built: Checkout,
) -> None:
    truth = own_built.root / "data" / "landing" / "truth.json"
    truth.write_text('{"format": "somebody else\'s"}')
    told = succeeds(own_built.invoke("verify"))
    assert "7 relations counted both ways" in told
