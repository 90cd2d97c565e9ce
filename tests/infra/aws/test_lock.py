"""One writer at a time, whoever was killed, and whatever answers are lost."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from accounts import Account
from cloud import REGION, Cloud, QuickClock, bar
from honest import Call

from infra.aws import clock as clocks
from infra.aws import lock, up
from infra.aws.lock import Holder, break_open, holding
from infra.aws.names import Stack
from infra.aws.session import Clients
from infra.errors import AwsError

STACK = Stack("dev", "123456789012", REGION, "me")
NAME = "/sparkify/dev/lock"


@pytest.fixture
def shared(module: Account) -> Account:
    module.put(module.empty)
    return module


def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def somebody(here: Account, *, silent: float = 0, **changes: Any) -> Holder:  # noqa: ANN401
    """Another run, on another host, that gave its last sign so many seconds ago."""
    clock = here.cloud.clock
    sign = clocks.stamp(clock.now() - timedelta(seconds=silent))
    holder = Holder("run", "up", "elsewhere", 7, "her", sign, sign)
    return replace(holder, **changes)


def put(here: Account, holder: Holder | str) -> None:
    value = holder if isinstance(holder, str) else json.dumps(asdict(holder))
    here.others.ssm.put_parameter(Name=NAME, Value=value, Type="String", Overwrite=True)


def held(here: Account) -> Holder | None:
    return lock.held(here.cloud.clients.ssm, NAME)


def hold(here: Account, task: str = "up") -> None:
    """Takes the lock and gives it back."""
    with holding(here.cloud.clients.ssm, STACK, task, here.cloud.clock):
        assert held(here) is not None


def here_now() -> dict[str, Any]:
    return {"host": socket.gethostname(), "machine": lock._machine()}


def test_it_says_who_is_at_work_and_is_given_back(shared: Account) -> None:
    with holding(shared.cloud.clients.ssm, STACK, "down", shared.cloud.clock):
        found = held(shared)
        assert found is not None
        assert (found.task, found.pid, found.owner) == ("down", os.getpid(), "me")
        assert found.host == socket.gethostname()
        tags = shared.others.ssm.list_tags_for_resource(
            ResourceType="Parameter", ResourceId=NAME
        )
        assert {"Key": "managed-by", "Value": "sparkify-warehouse"} in tags["TagList"]
    assert held(shared) is None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, AwsError])
def test_it_is_given_back_when_the_work_fails(
    shared: Account, error: type[BaseException]
) -> None:
    with (
        pytest.raises(error),
        holding(shared.cloud.clients.ssm, STACK, "up", shared.cloud.clock),
    ):
        raise error
    assert held(shared) is None


def test_who_comes_second_is_told_who_is_at_work(shared: Account) -> None:
    put(shared, somebody(shared))
    told = "`invoke up` of her on elsewhere .process 7, since .* UTC. is at work on"
    with pytest.raises(AwsError, match=told):
        hold(shared)
    assert held(shared) == somebody(shared)


@pytest.mark.parametrize("silent", [0, 60, 14 * 60])
def test_a_run_that_gave_a_sign_lately_keeps_it(shared: Account, silent: int) -> None:
    put(shared, somebody(shared, silent=silent))
    with pytest.raises(AwsError, match="is at work"):
        hold(shared)


def test_a_run_that_is_silent_for_a_quarter_of_an_hour_loses_it(
    shared: Account,
) -> None:
    put(shared, somebody(shared, silent=15 * 60 + 1))
    hold(shared)
    assert held(shared) is None


def test_a_process_of_this_machine_that_has_ended_loses_it_at_once(
    shared: Account,
) -> None:
    put(shared, somebody(shared, pid=dead(), **here_now()))
    hold(shared)
    assert held(shared) is None


def test_a_process_of_this_machine_that_runs_keeps_it(shared: Account) -> None:
    put(shared, somebody(shared, pid=os.getppid(), **here_now()))
    with pytest.raises(AwsError, match="is at work"):
        hold(shared)


def test_a_number_on_another_machine_of_the_same_name_says_nothing(
    shared: Account,
) -> None:
    put(shared, somebody(shared, pid=dead(), host=socket.gethostname(), machine="b"))
    with pytest.raises(AwsError, match="is at work"):
        hold(shared)


@pytest.mark.parametrize("text", ["{}", "not ours", '{"run": 1}', "[]"])
def test_what_cannot_be_read_is_not_taken_over(shared: Account, text: str) -> None:
    put(shared, text)
    with pytest.raises(AwsError, match="invoke unlock"):
        hold(shared)
    assert shared.others.ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == text


@pytest.mark.parametrize("operation", ["PutParameter", "DeleteParameter"])
def test_a_lost_answer_does_not_lose_the_lock(shared: Account, operation: str) -> None:
    shared.aws.lose_reply("ssm", operation)
    hold(shared)
    assert held(shared) is None


def test_a_throttled_request_is_repeated(shared: Account) -> None:
    shared.aws.throttle("ssm", "PutParameter", code="ThrottlingException", times=3)
    hold(shared)


def test_of_two_that_take_it_over_one_works(
    shared: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one deletes the new lock for the old one: SSM cannot tell them."""
    put(shared, somebody(shared, silent=3600))
    late = somebody(shared, run="late")

    def sleep(_: float) -> None:  # it has looked before, and writes only now
        shared.others.ssm.delete_parameter(Name=NAME)
        put(shared, late)

    monkeypatch.setattr(shared.cloud.clock, "sleep", sleep)
    with pytest.raises(AwsError, match="is at work"):
        hold(shared)
    assert held(shared) == late


def test_a_run_whose_lock_was_taken_over_stops_at_its_next_write(
    shared: Account,
) -> None:
    def take(_: Call) -> None:
        put(shared, somebody(shared))

    shared.aws.on("ec2", "CreateVpc", take, after=True)
    with pytest.raises(AwsError, match=r"taken over by `invoke up` of her.*3 of \d"):
        shared.up()
    assert shared.writes[-1] == "ec2.CreateVpc"
    assert held(shared) == somebody(shared)  # and it is not given back


def test_a_run_whose_lock_was_taken_away_stops_at_its_next_write(
    shared: Account,
) -> None:
    ssm = shared.cloud.clients.ssm

    def unlock(_: Call) -> None:
        assert "took away the lock of `invoke up`" in break_open(ssm, STACK)

    shared.aws.on("ec2", "CreateVpc", unlock, after=True)
    with pytest.raises(AwsError, match="was taken over, so this run stops"):
        shared.up()
    assert shared.writes[-1] == "ec2.CreateVpc"
    assert break_open(ssm, STACK) == "nobody held the lock"


def test_a_long_run_gives_signs_of_life(shared: Account) -> None:
    clock = shared.cloud.clock
    with holding(shared.cloud.clients.ssm, STACK, "up", clock) as mine:
        started = clock.now()
        shared.aws.calls.clear()
        for _ in range(40):
            clock.sleep(20)
            mine.guard()
        found = held(shared)
        assert found is not None
        sign = clocks.moment(found.alive)
        assert sign is not None
        assert (sign - started).total_seconds() >= 740
        assert found.started == clocks.stamp(started)
        assert len(shared.aws.writes) == 13
        shared.aws.lose_reply("ssm", "PutParameter", times=2)
        clock.sleep(60)
        mine.guard()  # a lost sign is no reason to stop
        mine.guard()
        mine.guard()


def test_of_two_at_once_one_works_and_the_other_hears_of_it(shared: Account) -> None:
    """Two runs that looked at the same empty account, in two threads."""
    session = boto3.Session(
        aws_access_key_id="other", aws_secret_access_key="x", region_name=REGION
    )
    shared.aws.attach(session)
    clouds = [
        shared.cloud,
        Cloud(shared.aws, Clients(session, REGION), QuickClock()),
    ]
    sites = [each.site() for each in clouds]
    prepared = [up.prepare(site, up.Asked()) for site in sites]
    inside, heard = threading.Event(), threading.Event()

    def wait(_: Call) -> None:
        inside.set()
        heard.wait(60)

    shared.aws.on("ec2", "CreateVpc", wait)
    first = threading.Thread(target=up.apply, args=(sites[0], prepared[0], bar()))
    first.start()
    assert inside.wait(60)
    told = rf"process {os.getpid()}.* is at work on sparkify-dev"
    with pytest.raises(AwsError, match=told):
        up.apply(sites[1], prepared[1], bar())
    heard.set()
    first.join(60)
    assert shared.seen() == shared.inventory


def test_who_comes_when_the_first_is_done_hears_that_the_plan_is_old(
    shared: Account,
) -> None:
    here = shared.cloud.site()
    prepared = up.prepare(here, up.Asked())
    shared.up()
    shared.aws.calls.clear()
    with pytest.raises(AwsError, match="Something changed on AWS since the plan"):
        up.apply(here, prepared, bar())
    assert shared.writes == []
    assert held(shared) is None


def test_nothing_is_written_while_another_is_at_work(shared: Account) -> None:
    put(shared, somebody(shared))
    for run in (shared.up, shared.down):
        shared.aws.calls.clear()
        with pytest.raises(AwsError, match="is at work"):
            run()
        assert shared.writes == []
