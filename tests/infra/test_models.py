import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

import yaml
from checkout import REPOSITORY, Built, Checkout, succeeds

GOLDEN = Path(__file__).parent / "golden" / "engine_differences.diff"
# What has a file of its own: models, questions and tests, not the tests of yml
IN_FILES = (
    *("--select", "resource_type:model", "resource_type:analysis"),
    "test_type:singular",
)
# dbt asks no cluster for anything, so none has to be there
REDSHIFT = {
    "type": "redshift",
    "host": "localhost",
    "port": 5439,
    "user": "nobody",
    "password": "none",
    "dbname": "sparkify",
    "schema": "sparkify",
    "threads": 1,
}


def nodes(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models, seeds and sources by name."""
    built = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"}
    ]
    return {node["name"]: node for node in [*built, *manifest["sources"].values()]}


# Descriptions and contracts


def test_every_column_of_every_relation_is_described_in_order(
    built: Built, manifest: dict[str, Any]
) -> None:
    rows = built.checkout.query(
        "select table_name, list(column_name order by ordinal_position) "
        "from information_schema.columns where table_catalog = 'warehouse' group by all"
    )
    relations = nodes(manifest)
    assert {name for name, _ in rows} == relations.keys()
    for name, columns in rows:
        assert list(relations[name]["columns"]) == columns
        described = [relations[name], *relations[name]["columns"].values()]
        assert all(each["description"].strip() for each in described), name


def test_each_model_of_the_star_has_an_enforced_contract_with_its_key(
    manifest: dict[str, Any],
) -> None:
    keys = {
        "songplays": ["songplay_id"],
        "users": ["user_id"],
        "users_history": ["user_id", "valid_from"],
        "songs": ["song_id"],
        "artists": ["artist_id"],
        "artist_names": ["artist_id", "name"],
        "time": ["start_time"],
        "dates": ["date"],
    }
    models = nodes(manifest)
    star = {name for name, node in models.items() if "star" in node["fqn"]}
    assert star == keys.keys()
    for name, key in keys.items():
        assert models[name]["contract"]["enforced"]
        assert [
            constraint["columns"]
            for constraint in models[name]["constraints"]
            if constraint["type"] == "primary_key"
        ] == [key]
        for column in key:
            (constraint,) = models[name]["columns"][column]["constraints"]
            assert constraint["type"] == "not_null"


def test_foreign_keys_are_declared_and_tested(manifest: dict[str, Any]) -> None:
    declared = {
        (name, column)
        for name, node in nodes(manifest).items()
        for constraint in node.get("constraints", [])
        if constraint["type"] == "foreign_key"
        for column in constraint["columns"]
    }
    assert declared == {
        *(("songplays", "user_id"), ("songplays", "song_id")),
        *(("songplays", "artist_id"), ("songplays", "start_time")),
        *(("songplays", "start_date"), ("time", "date")),
        *(("songs", "artist_id"), ("artist_names", "artist_id")),
        *(("users_history", "user_id"), ("user_activity", "user_id")),
    }
    tested = {
        (node["attached_node"].split(".")[-1], node["column_name"])
        for node in manifest["nodes"].values()
        if node.get("test_metadata", {}).get("name") == "relationships"
    }
    assert declared <= tested
    star = {name for name, node in nodes(manifest).items() if "star" in node["fqn"]}
    assert {key for key in tested if key[0] in star} <= declared


def test_not_null_is_enforced_as_the_contract_says(
    built: Built, manifest: dict[str, Any]
) -> None:
    required = {
        (name, column)
        for name, node in nodes(manifest).items()
        for column, facts in node["columns"].items()
        if any(each["type"] == "not_null" for each in facts.get("constraints", []))
    }
    assert required == set(
        built.checkout.query(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'warehouse' and not is_nullable"
        )
    )


def test_what_is_incremental_refuses_other_columns(manifest: dict[str, Any]) -> None:
    strategies = {
        name: node["config"]["incremental_strategy"]
        for name, node in nodes(manifest).items()
        if node["config"].get("materialized") == "incremental"
        and node["config"]["on_schema_change"] == "fail"
    }
    assert strategies == {
        "event_files": "append",
        "matched_songs": "append",
        "stg_events": "replace_days",
        "stg_user_days": "replace_days",
        "songplays": "replace_days",
        "time": "replace_days",
        "sessions": "replace_sessions",
    }
    # Nothing else knows the days of a file whose rows are gone
    assert nodes(manifest)["event_files"]["config"]["full_refresh"] is False


def test_no_model_mentions_a_target() -> None:
    files = [path for path in (REPOSITORY / "models").rglob("*") if path.is_file()]
    assert len(files) > 15
    pattern = re.compile(r"\btarget\s*\.")
    assert not [path for path in files if pattern.search(path.read_text())]


# Without data


def test_an_empty_warehouse_builds_and_every_unit_test_passes(
    own_built: Checkout,
) -> None:
    (own_built.root / "sparkify.duckdb").unlink()
    succeeds(own_built.invoke("up"))
    succeeds(own_built.dbt("build", "--empty"))
    target = own_built.root / "target"
    results = json.loads((target / "run_results.json").read_text())["results"]
    manifest = json.loads((target / "manifest.json").read_text())
    passed = {each["unique_id"] for each in results if each["status"] == "pass"}
    assert len(manifest["unit_tests"]) > 30
    assert manifest["unit_tests"].keys() <= passed
    assert own_built.value("select count(*) from songplays") == 0


# Two engines


def compiled(folder: Path) -> dict[str, list[str]]:
    """The lines of each compiled file, without what names a relation's place."""
    root = folder / "compiled" / "sparkify"
    return {
        path.relative_to(root).as_posix(): re.sub(
            r'"\w+"\.("\w+"\."\w+")', r"\1", path.read_text()
        ).splitlines()
        for path in sorted(root.rglob("*.sql"))
    }


def differences(duckdb: Path, redshift: Path) -> str:
    local, cloud = compiled(duckdb), compiled(redshift)
    assert local.keys() == cloud.keys()
    assert len(local) > 60
    lines: list[str] = []
    for name in local:
        found = difflib.unified_diff(
            *(local[name], cloud[name], f"duckdb/{name}", f"redshift/{name}"),
            n=0,
            lineterm="",
        )
        lines += [line for line in found if not line.startswith("@@")]
    return "".join(f"{line}\n" for line in lines)


def test_the_engines_sql_differs_only_in_the_lines_that_are_known(
    own_built: Checkout,
) -> None:
    """`UPDATE_GOLDEN=1 invoke test --only "-k engines_sql"` writes the lines anew.

    Compiled as for a build that adds to tables, which holds all that one from nothing
    does and more. dbt would look for the tables first, on a cluster that is not there.
    """
    profile = own_built.root / "profiles.yml"
    document = yaml.safe_load(profile.read_text())
    document["sparkify"]["outputs"]["redshift"] = REDSHIFT
    profile.write_text(yaml.safe_dump(document))
    (own_built.root / "macros" / "is_incremental.sql").write_text(
        "{% macro is_incremental() %}{{ "
        "return(model.config.materialized == 'incremental') }}{% endmacro %}"
    )
    target = own_built.root / "target"
    for name in ("local", "redshift"):
        offline = ["--no-introspect", "--no-populate-cache", "--target", name]
        folder = ["--target-path", f"target/{name}"]
        succeeds(own_built.dbt("compile", *offline, *folder, *IN_FILES))
    found = differences(target / "local", target / "redshift")
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()
