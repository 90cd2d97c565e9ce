"""What dbt-score holds relations to, beside the rules that it brings along.

`[tool.dbt-score]` in pyproject.toml lists what is left out; `invoke lint` runs all.
dbt-score tells by the annotation what a rule is for, so each kind has one of its own.
"""

import re
from collections.abc import Iterable

from dbt_score import Model, RuleViolation, Seed, Source, rule, rule_filter
from dbt_score.models import Column

Relation = Model | Seed | Source
Verdict = RuleViolation | None


@rule_filter
def is_public(model: Model) -> bool:
    """Models that people query: the star and the marts, which have contracts."""
    return bool(model.config.get("contract", {}).get("enforced"))


@rule_filter
def is_not_a_list(model: Model) -> bool:
    """Models other than data_quality, whose measures stand one after another."""
    return model.name != "data_quality"


@rule
def model_says_its_grain(model: Model) -> Verdict:
    """A model's description begins with what one row is."""
    return _grain(model)


@rule
def seed_says_its_grain(seed: Seed) -> Verdict:
    """A seed's description begins with what one row is."""
    return _grain(seed)


@rule
def source_says_its_grain(source: Source) -> Verdict:
    """A source table's description begins with what one row is."""
    return _grain(source)


@rule
def model_says_what_null_means(model: Model) -> Verdict:
    """Each column of a model says what null means, or cannot be null."""
    return _nulls(model)


@rule
def seed_says_what_null_means(seed: Seed) -> Verdict:
    """Each column of a seed says what null means, or cannot be null."""
    return _nulls(seed)


@rule
def source_says_what_null_means(source: Source) -> Verdict:
    """Each column of a source table says what null means, or cannot be null."""
    return _nulls(source)


@rule
def source_columns_have_description(source: Source) -> Verdict:
    """All columns of a source table have a description."""
    return _complaint(
        "say nothing", [each for each in source.columns if not each.description.strip()]
    )


@rule
def model_says_that_times_are_utc(model: Model) -> Verdict:
    """Each timestamp of a model says that it is UTC."""
    return _times(model)


@rule
def source_says_that_times_are_utc(source: Source) -> Verdict:
    """Each timestamp of a source table says that it is UTC."""
    return _times(source)


@rule(rule_filters={is_public()})
def key_is_declared_and_tested(model: Model) -> Verdict:
    """The star's and the marts' keys are declared, never null, and tested."""
    key = next((each for each in model.constraints if each.type == "primary_key"), None)
    if key is None or not key.columns:
        return RuleViolation("There is no constraint primary_key.")
    if missing := [name for name in key.columns if not _is_required(model, name)]:
        return RuleViolation(f"No constraint not_null on {', '.join(missing)}.")
    if sorted(key.columns) not in _unique(model):
        return RuleViolation(f"No test that {', '.join(key.columns)} is unique.")
    return None


@rule
def seed_key_is_tested(seed: Seed) -> Verdict:
    """A seed has columns that are tested to be unique."""
    return None if _unique(seed) else RuleViolation("No test that a key is unique.")


def _grain(relation: Relation) -> Verdict:
    if re.match(r"One row per \w", relation.description):
        return None
    return RuleViolation("The description does not begin with 'One row per …'.")


def _nulls(relation: Relation) -> Verdict:
    return _complaint(
        "do not say what null means",
        [
            each
            for each in relation.columns
            if not _is_never_null(each)
            and not re.search(r"\bnull\b", each.description, re.IGNORECASE)
        ],
    )


def _times(relation: Relation) -> Verdict:
    return _complaint(
        "do not say UTC",
        [
            each
            for each in relation.columns
            if (each.data_type or "").startswith("timestamp")
            and "UTC" not in each.description
        ],
    )


def _complaint(what: str, columns: Iterable[Column]) -> Verdict:
    names = ", ".join(each.name for each in columns)
    return RuleViolation(f"These columns {what}: {names}.") if names else None


def _is_never_null(column: Column) -> bool:
    """Whether the warehouse or a test sees to it."""
    seen = {each.type for each in column.constraints}
    return "not_null" in seen | {each.type for each in column.tests}


def _is_required(model: Model, name: str) -> bool:
    column = model.get_column(name)
    return column is not None and any(
        each.type == "not_null" for each in column.constraints
    )


def _unique(relation: Relation) -> list[list[str]]:
    """The columns, sorted, of each test that they are unique together."""
    single = [
        [column.name]
        for column in relation.columns
        if any(test.type == "unique" for test in column.tests)
    ]
    several = [
        sorted(test.kwargs["columns"])
        for test in relation.tests
        if test.type == "one_row_per"
    ]
    return single + several
