import re
import tomllib
from pathlib import Path

import duckdb
import pytest
from checkout import REPOSITORY, SMALL, Built, Checkout, fails, succeeds

# invoke status


def test_status_counts_every_relation_and_names_the_steps(built: Built) -> None:
    told = succeeds(built.checkout.invoke("status"))
    names = built.checkout.query(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = 'warehouse'"
    )
    found = [tuple(line.split()) for line in told.splitlines()]
    models = [*(REPOSITORY / "models").rglob("*.sql")]
    seeds = [*(REPOSITORY / "seeds").glob("*.csv")]
    assert len(names) == len(models + seeds) + 5  # raw tables and the ledger's
    for schema, name in names:
        count = built.checkout.value(f"select count(*) from {schema}.{name}")
        assert (schema, name, f"{count:,}") in found
    assert (
        "landing data/landing: 30 files in log_data, 1,200 files in song_data" in told
    )
    steps = [line[0] for line in found if line and line[0] in ("up", "load", "build")]
    # `load` is the schema of the ledger's three tables, too
    assert steps == ["load", "load", "load", "up", "load", "build"]
    assert told.endswith("next: invoke verify\n")


def test_status_names_the_next_step(checkout: Checkout) -> None:
    assert succeeds(checkout.invoke("up", "status", env=SMALL)).endswith(
        "next: invoke load\n"
    )
    assert succeeds(checkout.invoke("load", "status", env=SMALL)).endswith(
        "next: invoke build\n"
    )


# invoke check


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which this project counts as installed as pyproject says."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return declare(tmp_path, project["dependencies"])


def declare(folder: Path, requirements: list[str]) -> dict[str, str]:
    metadata = folder / "site" / "sparkify_warehouse-0.1.0.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"Requires-Dist: {requirement}\n" for requirement in requirements]
    metadata.write_text(
        "Metadata-Version: 2.4\nName: sparkify-warehouse\nVersion: 0.1.0\n"
        + "".join(lines)
    )
    return {"PYTHONPATH": str(folder / "site")}


def test_a_built_checkout_is_well(
    own_built: Checkout, installed: dict[str, str]
) -> None:
    told = succeeds(own_built.invoke("check", env=installed))
    assert re.search(r"\d as required", told)
    assert re.search(r"^check  all \d are well", told, re.MULTILINE)


def test_a_fresh_checkout_lacks_profile_and_data(
    checkout: Checkout, installed: dict[str, str]
) -> None:
    before = checkout.files()
    completed = checkout.invoke("check", env=installed)
    assert "check: 2 of 6 need attention" in fails(completed, 1)
    assert "invoke up" in completed.stdout
    assert "put raw files there" in completed.stdout
    assert checkout.files() == before


def test_packages_that_are_absent_or_of_another_version_are_named(
    own_built: Checkout, tmp_path: Path
) -> None:
    requirements = [
        "duckdb>=99",
        "no-such-package",
        "pyyaml>=6.0",
        'boto3>=99; extra == "aws"',
    ]
    completed = own_built.invoke("check", env=declare(tmp_path, requirements))
    assert "check: 2 of 8 need attention" in fails(completed, 1)
    assert re.search(r"^duckdb +\S+, not >=99 ", completed.stdout, re.MULTILINE)
    assert re.search(r"^no-such-package +not installed", completed.stdout, re.MULTILINE)
    assert "boto3" not in completed.stdout
    assert "1 as required" in completed.stdout


def test_a_held_warehouse_is_seen(
    own_built: Checkout, installed: dict[str, str]
) -> None:
    with duckdb.connect(own_built.root / "sparkify.duckdb"):
        completed = own_built.invoke("check", env=installed)
    assert "check: 1 of 6 need attention" in fails(completed, 1)
    assert re.search(r"wait *$", completed.stdout, re.MULTILINE)
