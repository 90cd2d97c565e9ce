"""What dbt-score holds the project to, and that each rule of ours can complain."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkout import REPOSITORY, Built
from dbt_score.config import Config
from dbt_score.evaluation import Evaluation
from dbt_score.lint import lint_dbt_project

Manifest = dict[str, Any]
Scored = Callable[[Manifest], Evaluation]


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scored:
    """Scores a manifest by the project's settings."""
    monkeypatch.chdir(REPOSITORY)

    def score(manifest: Manifest) -> Evaluation:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(manifest))
        config = Config()
        config.load()
        return lint_dbt_project(path, config, "plain")

    return score


def complaints(evaluation: Evaluation) -> set[tuple[str, str]]:
    """The rules that complained, with the names of what they complained of."""
    found = set()
    for evaluable, results in evaluation.results.items():
        for rule, result in results.items():
            assert not isinstance(result, Exception), rule.source()
            if result is not None:
                name = rule.source().removeprefix("infra.standards.")
                found.add((evaluable.name, name))
    return found


def test_all_score_ten_and_no_rule_breaks(manifest: Manifest, scored: Scored) -> None:
    evaluation = scored(manifest)
    assert complaints(evaluation) == set()
    assert evaluation.project_score.value == 10
    evaluated = {evaluable.name for evaluable in evaluation.results}
    assert {"songplays", "us_states", "load_rejects", "verify"} <= evaluated


def test_each_of_our_rules_looks_at_something(
    manifest: Manifest, scored: Scored
) -> None:
    applied = {
        rule.source()
        for results in scored(manifest).results.values()
        for rule in results
    }
    assert len({each for each in applied if each.startswith("infra.standards.")}) == 11


def node(manifest: Manifest, name: str) -> dict[str, Any]:
    """The model, seed or source of a name."""
    found: list[dict[str, Any]] = [
        each
        for each in [*manifest["nodes"].values(), *manifest["sources"].values()]
        if each["name"] == name
    ]
    (only,) = found
    return only


def data_tests(manifest: Manifest, name: str, kind: str) -> list[str]:
    """The ids of the data tests of a kind that a relation has."""
    owner = node(manifest, name)["unique_id"]
    return [
        key
        for key, each in manifest["nodes"].items()
        if each.get("attached_node") == owner and each["test_metadata"]["name"] == kind
    ]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("songplays", "model_says_its_grain"),
        ("us_states", "seed_says_its_grain"),
        ("load_runs", "source_says_its_grain"),
    ],
)
def test_a_relation_begins_with_its_grain(
    manifest: Manifest, scored: Scored, name: str, rule: str
) -> None:
    node(manifest, name)["description"] = "Rows. One row per play."
    assert complaints(scored(manifest)) == {(name, rule)}


@pytest.mark.parametrize(
    ("name", "column", "rule"),
    [
        ("songplays", "song_id", "model_says_what_null_means"),
        ("stg_events", "line", "model_says_what_null_means"),
        ("us_states", "region", "seed_says_what_null_means"),
        ("load_runs", "message", "source_says_what_null_means"),
    ],
)
def test_a_column_that_can_be_null_says_what_that_means(
    manifest: Manifest, scored: Scored, name: str, column: str, rule: str
) -> None:
    node(manifest, name)["columns"][column]["description"] = "Not annulled."
    assert complaints(scored(manifest)) == {(name, rule)}


@pytest.mark.parametrize(
    ("name", "column", "rules"),
    [
        ("songplays", "level", {"dbt_score.rules.generic.columns_have_description"}),
        (
            "us_states",
            "name",
            {"dbt_score.rules.generic.seed_columns_have_description"},
        ),
        ("load_runs", "target", {"source_columns_have_description"}),
    ],
)
def test_each_column_is_described(
    manifest: Manifest, scored: Scored, name: str, column: str, rules: set[str]
) -> None:
    node(manifest, name)["columns"][column]["description"] = ""
    assert complaints(scored(manifest)) == {(name, rule) for rule in rules}


@pytest.mark.parametrize(
    ("name", "column", "rule"),
    [
        ("songplays", "start_time", "model_says_that_times_are_utc"),
        ("load_runs", "started_at", "source_says_that_times_are_utc"),
    ],
)
def test_a_time_says_that_it_is_utc(
    manifest: Manifest, scored: Scored, name: str, column: str, rule: str
) -> None:
    node(manifest, name)["columns"][column]["description"] = "When it was. Never null."
    assert complaints(scored(manifest)) == {(name, rule)}


@pytest.mark.parametrize(
    ("name", "kind"), [("users", "unique"), ("level_changes", "one_row_per")]
)
def test_the_key_of_star_and_marts_is_tested(
    manifest: Manifest, scored: Scored, name: str, kind: str
) -> None:
    (test,) = data_tests(manifest, name, kind)
    del manifest["nodes"][test]
    assert complaints(scored(manifest)) == {(name, "key_is_declared_and_tested")}


def test_the_key_of_star_and_marts_is_declared_and_never_null(
    manifest: Manifest, scored: Scored
) -> None:
    node(manifest, "users")["constraints"] = []
    node(manifest, "songs")["columns"]["song_id"]["constraints"] = []
    primary, foreign = node(manifest, "user_activity")["constraints"]
    assert (primary["type"], foreign["type"]) == ("primary_key", "foreign_key")
    node(manifest, "user_activity")["constraints"] = [foreign]
    rule = "key_is_declared_and_tested"
    names = {"users", "songs", "user_activity"}
    assert complaints(scored(manifest)) == {(name, rule) for name in names}


def test_a_seed_has_a_key(manifest: Manifest, scored: Scored) -> None:
    for test in data_tests(manifest, "us_states", "unique"):
        del manifest["nodes"][test]
    assert complaints(scored(manifest)) == {("us_states", "seed_key_is_tested")}


def test_a_long_model_is_seen_unless_it_is_the_list_of_measures(
    manifest: Manifest, scored: Scored
) -> None:
    for name in ("songplays", "data_quality"):
        node(manifest, name)["raw_code"] = "\n" * 300
    long = "dbt_score.rules.generic.sql_has_reasonable_number_of_lines"
    assert complaints(scored(manifest)) == {("songplays", long)}


def test_what_is_said_to_be_never_null_is_not(built: Built, manifest: Manifest) -> None:
    said = 0
    for each in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if each["resource_type"] not in {"model", "seed", "source"}:
            continue
        columns = [
            f'"{name}"'
            for name, facts in each["columns"].items()
            if re.search(r"\bNever null\b", facts["description"])
        ]
        said += len(columns)
        for column in columns:
            statement = f"select count(*) from {each['name']} where {column} is null"
            assert built.checkout.value(statement) == 0, f"{each['name']}.{column}"
    assert said > 30
