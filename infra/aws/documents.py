"""Policies of IAM, as plain values: who may do what, to exactly which things.

A document is written with sorted keys and lists, so that two which mean the same are
the same text.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from infra.landing.s3 import Bucket

Document = dict[str, Any]
Statement = dict[str, Any]

VERSION = "2012-10-17"
FOLDERS = ("log_data", "song_data")  # what COPY reads, below the setting copy_from


def document(*statements: Statement) -> Document:
    """A policy of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """A statement that allows the actions on the resources."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": sorted(resources),
    }
    return statement | ({"Condition": dict(condition)} if condition else {})


def text(policy: object) -> str:
    """A policy in one form: AWS may give lists of one as a value, and in any order."""
    return _text(_normal(policy))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _normal(value: object) -> object:
    if isinstance(value, dict):
        return {key: _normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        parts = sorted((_normal(each) for each in value), key=_text)
        return parts[0] if len(parts) == 1 else parts
    return value


def trusts(service: str) -> Document:
    """The policy of a role that one service of AWS may take."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }
    )


def reads(source: Bucket) -> Document:
    """Reading the raw files, and nothing else in their bucket."""
    bucket = f"arn:aws:s3:::{source.name}"
    prefixes = [source.below(folder) for folder in FOLDERS]
    return document(
        allow(
            "ReadRawFiles", ["s3:GetObject"], [f"{bucket}/{each}*" for each in prefixes]
        ),
        allow(
            "ListRawFiles",
            ["s3:ListBucket"],
            [bucket],
            {"StringLike": {"s3:prefix": [f"{each}*" for each in prefixes]}},
        ),
        allow("FindTheBucket", ["s3:GetBucketLocation"], [bucket]),
    )


def copies(source: Bucket, stage: str) -> Document:
    """Reading the raw files, and what loads put into the stack's own bucket."""
    bucket = f"arn:aws:s3:::{stage}"
    return document(
        *reads(source)["Statement"],
        allow("ReadStage", ["s3:GetObject"], [f"{bucket}/*"]),
        allow("FindStage", ["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
    )


def looks_up(catalog_arns: Sequence[str]) -> Statement:
    """Reading the stack's own database in Glue's catalogue, and no other."""
    actions = ("GetDatabase", "GetPartition", "GetPartitions", "GetTable", "GetTables")
    return allow("LookUpTables", [f"glue:{each}" for each in actions], catalog_arns)


def endpoint(source: Bucket, stage: str) -> Document:
    """The same for what passes the VPC's way to S3, whoever asks."""
    statements = copies(source, stage)["Statement"]
    return document(*(each | {"Principal": "*"} for each in statements))


def pauses(cluster_arn: str) -> Document:
    """Pausing the one cluster."""
    return document(allow("PauseTheCluster", ["redshift:PauseCluster"], [cluster_arn]))
