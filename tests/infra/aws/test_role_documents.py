"""Policies allow what is needed, and two that mean the same are the same text."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.aws import documents
from infra.landing.s3 import Bucket

WHOLE, PART = Bucket("raw", ""), Bucket("raw", "sparkify/2018")
STAGE = "sparkify-dev-123456789012-us-west-2"
Make = Callable[[Bucket], dict[str, Any]]


def may(policy: dict[str, Any], action: str, resource: str, prefix: str = "") -> bool:
    """Whether IAM would allow it: one statement that fits is enough."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, each) for each in statement["Resource"])
        and all(
            fits(values["s3:prefix"], prefix)
            for values in statement.get("Condition", {}).values()
        )
        for statement in policy["Statement"]
    )


def copies(source: Bucket) -> dict[str, Any]:
    return documents.copies(source, STAGE)


def endpoint(source: Bucket) -> dict[str, Any]:
    return documents.endpoint(source, STAGE)


def fits(patterns: list[str], prefix: str) -> bool:
    return any(fnmatchcase(prefix, each) for each in patterns)


@pytest.mark.parametrize(
    ("source", "key", "allowed"),
    [
        (WHOLE, "song_data/A/A/A/TRA.json", True),
        (WHOLE, "log_data/2018/11/a.json", True),
        (WHOLE, "song_data_old/A.json", False),
        (WHOLE, "log_data.json", False),
        (WHOLE, "log_json_path.json", False),
        (WHOLE, "private/song_data/A.json", False),
        (WHOLE, "", False),
        (PART, "sparkify/2018/song_data/A.json", True),
        (PART, "sparkify/2018/private.json", False),
        (PART, "sparkify/2019/song_data/A.json", False),
        (PART, "song_data/A.json", False),
    ],
)
@pytest.mark.parametrize("make", [documents.reads, copies, endpoint])
def test_exactly_the_raw_files_can_be_read_and_listed(
    make: Make, source: Bucket, key: str, allowed: bool
) -> None:
    policy = make(source)
    assert may(policy, "s3:GetObject", f"arn:aws:s3:::raw/{key}") is allowed
    folder = key[: key.rfind("/") + 1]
    assert may(policy, "s3:ListBucket", "arn:aws:s3:::raw", folder or key) is allowed
    assert not may(policy, "s3:GetObject", f"arn:aws:s3:::raw2/{key}")
    assert not may(policy, "s3:ListBucket", "arn:aws:s3:::raw2", key)


@pytest.mark.parametrize(
    ("make", "allowed"), [(documents.reads, False), (copies, True), (endpoint, True)]
)
def test_of_other_buckets_only_the_stacks_own_is_read(
    make: Make, allowed: bool
) -> None:
    policy, stage = make(PART), f"arn:aws:s3:::{STAGE}"
    assert may(policy, "s3:GetObject", f"{stage}/run/songs-0001.gz") is allowed
    for prefix in ("", "run/"):
        assert may(policy, "s3:ListBucket", stage, prefix) is allowed
    assert may(policy, "s3:GetBucketLocation", stage) is allowed
    for other in (f"{stage}2", "arn:aws:s3:::sparkify-prod-123456789012-us-west-2"):
        assert not may(policy, "s3:GetObject", f"{other}/run/songs-0001.gz")
        assert not may(policy, "s3:ListBucket", other)
    named = {each for found in policy["Statement"] for each in found["Resource"]}
    assert {each.split(":::")[1].split("/")[0] for each in named} == {
        *("raw", *([STAGE] if allowed else []))
    }


def test_whoever_passes_the_way_to_s3_may_what_the_role_may() -> None:
    passing = endpoint(PART)["Statement"]
    assert {each.pop("Principal") for each in passing} == {"*"}
    assert passing == copies(PART)["Statement"]


@pytest.mark.parametrize(
    "policy",
    [
        documents.reads(WHOLE),
        copies(WHOLE),
        endpoint(WHOLE),
        documents.pauses("arn:aws:redshift:us-west-2:123456789012:cluster:a"),
    ],
)
def test_nothing_is_written_and_nothing_allowed_on_everything(
    policy: dict[str, Any],
) -> None:
    actions = {each for found in policy["Statement"] for each in found["Action"]}
    assert actions <= {
        *("s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"),
        "redshift:PauseCluster",
    }
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Resource"]
        assert not {"*", "arn:aws:s3:::*"} & set(statement["Resource"])


def test_a_role_trusts_one_service_only() -> None:
    (statement,) = documents.trusts("redshift.amazonaws.com")["Statement"]
    assert statement["Principal"] == {"Service": "redshift.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


def test_order_and_lists_of_one_make_no_difference() -> None:
    one = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["b", "a"], "Resource": ["x"]},
            {"Effect": "Deny", "Action": "c", "Resource": "*"},
        ],
    }
    other = {
        "Statement": [
            {"Action": ["c"], "Resource": ["*"], "Effect": "Deny"},
            {"Resource": "x", "Effect": "Allow", "Action": ["a", "b"]},
        ],
        "Version": "2012-10-17",
    }
    assert documents.text(one) == documents.text(other)
    assert documents.text(json.loads(documents.text(one))) == documents.text(one)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Action": ["a"]},
        {"Action": ["a", "b", "c"]},
        {"Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_what_means_something_else_is_another_text(change: dict[str, object]) -> None:
    statement = {"Effect": "Allow", "Action": ["a", "b"], "Resource": "x"}
    assert documents.text(documents.document(statement)) != documents.text(
        documents.document(statement | change)
    )
