"""Every task on AWS as it is typed: options, exit codes, and what follows what."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest
import yaml
from cloud import ME, Cloud
from honest import Call
from person import TARGET, Person, logged_out, person

from infra.aws.logs import EXPORTS
from infra.profile import FILE

NAME = "sparkify-dev"


@pytest.fixture
def someone(
    there: Cloud,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    return person(there, tmp_path, monkeypatch, capsys)


@pytest.fixture
def up(someone: Person) -> Person:
    """Somebody whose warehouse is there."""
    someone.does("up", *TARGET, "--yes")
    return someone


def interrupt(_: Call) -> None:
    raise KeyboardInterrupt


# Exit codes


def test_a_plan_with_changes_ends_with_3_and_leaves_nothing(someone: Person) -> None:
    before = someone.checkout.files()
    told = someone.invoke("up", *TARGET, "--plan")
    assert told.code == 3
    assert "nothing was changed" in told.out
    assert f"only {ME} may come in" in told.out
    assert not told.err
    assert not someone.cloud.aws.writes
    assert someone.checkout.files() == before


def test_what_is_planned_is_made_and_then_there_is_nothing_to_do(
    someone: Person,
) -> None:
    told = someone.does("up", *TARGET, "--yes")
    parts = someone.cloud.parts
    assert f"made or changed {parts} of {parts} parts" in told
    assert "redshift is the default target" in told
    assert "answers on port 5439" in told
    assert "nothing to do" in someone.does("up", "--plan")
    count = len(someone.cloud.aws.writes)
    assert "there was nothing to do" in someone.does("up")
    assert len(someone.cloud.aws.writes) == count


def test_without_yes_and_without_a_person_nothing_is_made(someone: Person) -> None:
    assert "add --yes to go ahead" in someone.fails(2, "up", *TARGET)
    assert not someone.cloud.aws.writes


def test_whoever_does_not_say_yes_gets_nothing(someone: Person) -> None:
    for answer in ("n", "", "no", "yess"):
        someone.answers = [answer]
        told = someone.does("up", *TARGET)
        assert "nothing was made" in told
        assert "next: invoke up --target redshift" in told
    assert not someone.cloud.aws.writes
    assert not (someone.checkout.root / FILE).exists()


def test_whoever_says_yes_gets_it_and_may_keep_it(someone: Person) -> None:
    someone.answers = ["y"]
    parts = someone.cloud.parts
    assert f"made or changed {parts}" in someone.does("up", *TARGET)
    someone.answers = ["n"]
    assert "nothing was deleted" in someone.does("down")
    assert someone.cloud.aws.clusters.names() == [NAME]
    someone.answers = ["Yes"]
    assert f"deleted {parts - len(EXPORTS)}" in someone.does("down")
    assert not someone.cloud.aws.clusters.names()


def test_end_of_input_is_no(someone: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    someone.answers = ["never typed"]

    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert "nothing was made" in someone.does("up", *TARGET)


def test_a_cluster_that_takes_too_long_ends_with_4_and_goes_on(
    someone: Person,
) -> None:
    aws = someone.cloud.aws
    aws.clusters.speed(creating=inf)
    told = someone.fails(4, "up", *TARGET, "--yes")
    assert "creating" in told
    assert not (someone.checkout.root / FILE).exists()
    aws.clusters.speed(creating=0)
    aws.clusters.release(NAME)
    assert "made or changed" in someone.does("up", *TARGET, "--yes")
    assert aws.clusters.names() == [NAME]


def test_what_costs_ends_leftovers_with_5(up: Person) -> None:
    told = up.fails(5, "leftovers")
    assert "things are there, at about $2" in told
    assert "down --target redshift" in told
    up.does("down", "--yes", "--no-final-snapshot", "--purge")
    assert "nothing of the stack is left" in up.does("leftovers")


def test_what_cannot_go_ends_down_with_5(up: Person) -> None:
    ec2 = up.cloud.aws.world.others.ec2
    mine = up.cloud.site().stack.filters()
    subnet = ec2.describe_subnets(Filters=mine)["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Description="somebody else's")
    for operation in ("DeleteSubnet", "DeleteVpc"):
        up.cloud.aws.fail(
            "ec2", operation, code="DependencyViolation", times=inf
        )  # moto has no objections
    told = up.fails(5, "down", "--yes", "--no-final-snapshot")
    gone = up.cloud.parts - len(EXPORTS)
    assert f"4 of {gone} could not go: subnet sparkify-dev-c" in told
    assert not up.cloud.aws.clusters.names()


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sts", "GetCallerIdentity"),
        ("ec2", "DescribeVpcs"),
        ("iam", "CreateRole"),
        ("redshift", "CreateCluster"),
    ],
)
def test_ctrl_c_ends_with_130_and_gives_the_lock_back(
    someone: Person, service: str, operation: str
) -> None:
    aws = someone.cloud.aws
    aws.on(service, operation, interrupt, after=True, times=1)
    told = someone.invoke("up", *TARGET, "--yes")
    assert told.code == 130
    assert "up: interrupted." in told.err
    if service in {"iam", "redshift"}:
        assert "what AWS was asked for stays" in " ".join(told.out.split())
    aws.calm()
    assert "nobody held the lock" in someone.does("unlock")
    if operation == "CreateCluster":
        someone.does("up", *TARGET, "--yes")
        assert not aws.inventory().duplicates()


def test_ctrl_c_at_the_question(
    someone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone.answers = ["never typed"]

    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert "up: interrupted." in someone.fails(130, "up", *TARGET)
    assert not someone.cloud.aws.writes


def test_a_wrong_setting_ends_with_2_before_any_call(someone: Person) -> None:
    someone.settles("node_type", "dc2.large")
    for words in (["up", *TARGET], ["pause"], ["leftovers"], ["policy"], ["unlock"]):
        told = someone.fails(2, *words)
        assert "sparkify.node_type = 'dc2.large'" in told
        assert "AWS has retired dc2" in told
    assert not someone.cloud.aws.calls


def test_another_account_ends_with_2_after_one_call(someone: Person) -> None:
    someone.settles("aws_account", '"999999999999"')
    told = someone.fails(2, "up", *TARGET, "--yes")
    assert "account 123456789012" in told
    assert "999999999999" in told
    assert [str(call) for call in someone.cloud.aws.calls] == ["sts.GetCallerIdentity"]


def test_too_dear_is_refused_with_its_price(someone: Person) -> None:
    someone.settles("nodes", 16)
    told = someone.fails(2, "up", *TARGET, "--yes")
    assert "would cost $6.0" in told
    assert "max_hourly_usd allows $1.00" in told
    assert not someone.cloud.aws.writes
    plan = someone.invoke("up", *TARGET, "--plan")
    assert plan.code == 3
    assert "would cost $6.0" in " ".join(plan.out.split())


def test_an_unknown_price_has_to_be_accepted(someone: Person) -> None:
    for name, kind in (("node_type", "ra3.16xlarge"), ("max_hourly_usd", 20)):
        someone.settles(name, kind)
    aws = someone.cloud.aws
    aws.deny("pricing", "GetProducts")
    told = someone.fails(2, "up", *TARGET, "--yes")
    assert "--accept-unknown-cost" in told
    assert "made or changed" in someone.does(
        "up", *TARGET, "--yes", "--accept-unknown-cost"
    )


def test_a_denied_call_ends_with_1_and_says_how_far_it_came(someone: Person) -> None:
    someone.cloud.aws.deny("ec2", "CreateVpc", times=1)
    told = someone.fails(1, "up", *TARGET, "--yes")
    assert "ec2:CreateVpc is denied" in told
    assert f"3 of {someone.cloud.parts} parts are as they should be" in told


# Options


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["up", "--plan"], "--plan"),
        (["up", "--cidr", ME], "--cidr"),
        (["up", "--accept-unknown-cost"], "--accept-unknown-cost"),
        (["down", "--purge", "--yes"], "--purge"),
        (["down", "--no-final-snapshot", "--yes"], "--no-final-snapshot"),
        (["check", "--cidr", ME], "--cidr"),
    ],
)
def test_an_option_of_aws_is_refused_here(
    someone: Person, words: list[str], option: str
) -> None:
    before = someone.checkout.files()
    assert f"{option} is for the warehouse on AWS" in someone.fails(2, *words)
    assert someone.checkout.files() == before


@pytest.mark.parametrize("task", ["up", "down", "status", "check"])
def test_another_target_is_refused(someone: Person, task: str) -> None:
    told = someone.fails(2, task, "--target", "snowflake")
    assert "--target snowflake: must be local or redshift." in told


@pytest.mark.parametrize(
    ("cidr", "why"),
    [
        ("0.0.0.0/0", "the whole internet"),
        ("0.0.0.0/1", "addresses"),
        ("::/0", "IPv6"),
        ("2001:db8::1/128", "IPv6"),
        ("81.2.69.142/99", "no IPv4 address or range"),
        ("81.2.69.142/24", "an address within a range"),
        ("192.168.1.7/32", "private"),
        ("240.0.0.1/32", "reserved"),
        ("'; drop table users", "no IPv4 address or range"),
    ],
)
def test_an_open_or_senseless_range_is_refused(
    someone: Person, cidr: str, why: str
) -> None:
    assert why in someone.fails(2, "up", *TARGET, "--cidr", cidr)
    assert why in someone.fails(2, "allow-me", "--cidr", cidr)
    assert not someone.cloud.aws.writes


def test_an_open_range_in_the_settings_is_refused_offline(someone: Person) -> None:
    someone.settles("aws_cidr", "0.0.0.0/0")
    told = someone.fails(2, "up", *TARGET)
    assert "sparkify.aws_cidr = '0.0.0.0/0': must be an IPv4 address" in told
    assert not someone.cloud.aws.calls


# One after the other


def test_a_life_with_all_tasks(up: Person) -> None:
    assert "available" in up.does("status")
    assert json.loads(up.does("status", "--json"))["state"] == "available"
    assert "all 12 are well" in up.does("check")
    assert "AWS pauses it at" in up.does("extend", "--hours", "2.5")
    assert "81.2.69.160/32 may come in" in up.does("allow-me", "--cidr=81.2.69.160/32")
    plan = up.invoke("up", "--plan")
    assert plan.code == 3
    assert "- 81.2.69.160/32 tcp 5439" in plan.out
    assert "before: 81.2.69.160/32 tcp 5439" in up.does("allow-me")
    assert "paused" in up.does("pause")
    assert "paused already" in up.does("pause")
    status = up.does("status")
    assert "is paused" in status
    assert "next: invoke resume" in status
    assert "state: paused → available" in up.invoke("up", "--plan").out
    assert "runs, at $0.38" in up.does("resume")
    assert "it runs already" in up.does("resume")
    assert "nobody held the lock" in up.does("unlock")
    assert json.loads(up.does("policy"))["Version"] == "2012-10-17"
    told = up.does("down", "--yes")
    assert "the cluster's data stay in the snapshot sparkify-dev-final-" in told
    gone = up.cloud.parts - len(EXPORTS)
    assert f"deleted {gone}; what is left costs about <$0.01 a month" in told
    status = up.does("status", *TARGET)
    assert "no cluster sparkify-dev in us-west-2" in status
    assert "next: invoke up --target redshift" in status
    told = up.does("down", *TARGET, "--yes", "--purge")
    assert "deleted 4; nothing is left that costs" in told
    assert "nothing of the stack to delete" in up.does("down", *TARGET)


@pytest.mark.parametrize("task", ["pause", "resume", "extend", "allow-me"])
def test_without_a_cluster_a_task_sends_to_up(someone: Person, task: str) -> None:
    told = someone.fails(1, task)
    assert "There is no" in told
    assert "`invoke up --target redshift` first" in told
    assert not someone.cloud.aws.writes


def test_tasks_follow_the_default_target(up: Person) -> None:
    root = up.checkout.root
    assert yaml.safe_load(up.profile)["sparkify"]["target"] == "redshift"
    assert "sparkify-dev is available" in up.does("status")
    told = up.does("up", "--target", "local")
    assert "made  profiles.yml" in told
    assert yaml.safe_load(up.profile)["sparkify"]["target"] == "local"
    assert "redshift" in yaml.safe_load(up.profile)["sparkify"]["outputs"]
    assert "sparkify-dev is available" not in up.does("status")
    count = len(up.cloud.aws.calls)
    up.does("up")
    assert len(up.cloud.aws.calls) == count
    told = up.does("down", "--yes")
    assert "leave profiles.yml: it leads to the cluster on AWS" in " ".join(
        told.split()
    )
    assert (root / FILE).exists()
    assert up.cloud.aws.clusters.names() == [NAME]
    up.does("down", *TARGET, "--yes")
    outputs = yaml.safe_load(up.profile)["sparkify"]["outputs"]
    assert list(outputs) == ["local"]
    up.does("down", "--yes")
    assert not (root / FILE).exists()


def test_down_makes_no_profile_where_there_is_none(someone: Person) -> None:
    someone.does("down", *TARGET, "--yes")
    assert not (someone.checkout.root / FILE).exists()


def test_the_variable_of_dbt_chooses_and_does_not_stay(
    up: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logged_out(monkeypatch, tmp_path)
    up.does("up", "--target", "local")
    monkeypatch.setenv("DBT_TARGET", "redshift")
    assert "sparkify-dev is available" in up.does("status")
    assert "There are no AWS credentials" in up.fails(2, "load")
    monkeypatch.setenv("DBT_TARGET", "elsewhere")
    told = up.fails(2, "status")
    assert "DBT_TARGET has the default target elsewhere" in told
    monkeypatch.setenv("DBT_TARGET", "local")
    told = up.does("up", *TARGET, "--yes")
    assert "DBT_TARGET is set, so dbt takes local" in " ".join(told.split())
    assert yaml.safe_load(up.profile)["sparkify"]["target"] == "redshift"


def test_a_profile_that_cannot_be_written_is_no_end(someone: Person) -> None:
    (someone.checkout.root / FILE).mkdir()
    told = " ".join(someone.does("up", *TARGET, "--yes").split())
    assert "profiles.yml cannot be written" in told
    assert "cluster_id: sparkify-dev" in told
