"""The command itself, as a process of its own, on a pretended AWS behind HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from checkout import Checkout, Completed, succeeds
from cloud import cloud

from infra.rehearsal.aws.server import served

TARGET = ("--target", "redshift")


@pytest.mark.slow  # CI rehearses, which is the same and more
def test_a_warehouse_goes_up_and_down(tmp_path: Path) -> None:
    checkout = Checkout.make(tmp_path / "checkout")
    with cloud() as there, served(there.aws, answered=there.aws.calls.append) as url:
        there.aws.clusters.at_once()
        there.aws.calls.clear()
        env = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00",
            "AWS_SECRET_ACCESS_KEY": "a/secret+that/no/message/may/hold/000000",
            "INVOKE_SPARKIFY_AWS_CIDR": "81.2.69.142/32",
            "INVOKE_SPARKIFY_PORT": "5440",
        }

        def invoke(*words: str) -> Completed:
            return checkout.invoke(*words, env=env)

        before = checkout.files()
        plan = invoke("up", *TARGET, "--plan")
        assert plan.returncode == 3, plan.stdout + plan.stderr
        assert "+ create  cluster           sparkify-dev" in plan.stdout
        assert "requests go to 127.0.0.1, not to AWS" in plan.stdout
        assert checkout.files() == before
        assert not [call for call in there.aws.calls if call.is_write]

        told = succeeds(invoke("up", *TARGET, "--yes"))
        parts = there.parts
        assert f"made or changed {parts} of {parts} parts" in told
        document = yaml.safe_load((checkout.root / "profiles.yml").read_text())
        output = document["sparkify"]["outputs"]["redshift"]
        assert (output["cluster_id"], output["port"]) == ("sparkify-dev", 5440)

        seen = json.loads(succeeds(invoke("status", "--json")))
        assert seen["state"] == "available"
        assert seen["may_come_in"] == ["81.2.69.142/32 tcp 5440"]
        assert f"deleted {parts}" in succeeds(
            invoke("down", "--yes", "--purge", "--no-final-snapshot")
        )
        assert not there.aws.clusters.names()
        assert not there.aws.inventory()
