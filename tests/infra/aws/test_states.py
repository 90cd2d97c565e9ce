from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from cloud import Cloud, QuickClock, bar

from infra.aws import engine, states, up
from infra.aws.resource import Live
from infra.errors import AwsError, StillWorking
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
WELL: dict[str, Any] = {
    "ClusterIdentifier": NAME,
    "ClusterStatus": "available",
    "ClusterAvailabilityStatus": "Available",
    "Endpoint": {"Address": "somewhere", "Port": 5439},
    "IamRoles": [{"IamRoleArn": "r", "ApplyStatus": "in-sync"}],
    "ClusterParameterGroups": [{"ParameterApplyStatus": "in-sync"}],
}


def seen(*changes: dict[str, Any] | str) -> Iterator[dict[str, Any] | None]:
    """What looks show: the last one for ever; a word is a state."""
    for change in changes:
        yield WELL | ({"ClusterStatus": change} if isinstance(change, str) else change)
    while True:
        yield None


def settled(
    shown: Iterable[dict[str, Any] | None], clock: QuickClock
) -> tuple[Live | None, list[str]]:
    told: list[str] = []
    looks = iter(shown)
    return states.settled(lambda: next(looks), clock, told.append), told


# Settled, on its way, beyond help


@pytest.mark.parametrize(
    ("change", "pending"),
    [
        ({}, ""),
        ({"ClusterStatus": "paused", "Endpoint": None}, ""),
        ({"ClusterStatus": "creating"}, "creating"),
        ({"ClusterStatus": "Modifying"}, "modifying"),
        ({"ClusterStatus": "available, resize-cleanup"}, "available, resize-cleanup"),
        ({"ClusterAvailabilityStatus": "Maintenance"}, "maintenance"),
        ({"ClusterAvailabilityStatus": "Modifying"}, "modifying"),
        ({"ClusterAvailabilityStatus": "Unavailable"}, "unavailable"),
        ({"ClusterAvailabilityStatus": None}, ""),
        ({"Endpoint": None}, "getting an endpoint"),
        ({"Endpoint": {"Port": 5439}}, "getting an endpoint"),
        ({"IamRoles": [{"ApplyStatus": "adding"}]}, "taking its roles"),
        ({"IamRoles": [{"ApplyStatus": "removing"}]}, "taking its roles"),
        (
            {"ClusterParameterGroups": [{"ParameterApplyStatus": "applying"}]},
            "taking its parameters",
        ),
        ({"ClusterParameterGroups": [{"ParameterApplyStatus": "pending-reboot"}]}, ""),
    ],
)
def test_a_cluster_is_settled_only_when_it_can_be_used(
    change: dict[str, Any], pending: str
) -> None:
    assert states.pending(WELL | change) == pending
    assert states.doing(WELL | change) == pending or not pending


@pytest.mark.parametrize("missing", ["Endpoint", "IamRoles", "ClusterParameterGroups"])
def test_what_aws_leaves_out_is_no_error(missing: str) -> None:
    live = {key: value for key, value in WELL.items() if key != missing}
    assert isinstance(states.pending(live), str)


@pytest.mark.parametrize("word", sorted(states.BEYOND_HELP))
@pytest.mark.parametrize("where", ["ClusterStatus", "ClusterAvailabilityStatus"])
def test_what_is_beyond_help_fails_at_the_first_look(word: str, where: str) -> None:
    clock = QuickClock()
    with pytest.raises(AwsError, match=word) as caught:
        settled(seen({where: word.title()}), clock)
    assert clock.slept == 0
    assert type(caught.value) is AwsError
    assert states.BEYOND_HELP[word] in str(caught.value)
    advice = ("invoke", "Restore", "support", "Enable", "Delete", "events")
    assert any(each in str(caught.value) for each in advice)


def test_a_cluster_that_fails_while_it_is_made_fails_at_that_look() -> None:
    clock = QuickClock()
    with pytest.raises(AwsError, match="insufficient-capacity"):
        settled(seen("creating", "creating", "insufficient-capacity"), clock)
    assert clock.slept == 2.5


def test_an_unknown_state_is_waited_for_and_noted() -> None:
    live, told = settled(seen("transmogrifying", {}), QuickClock())
    assert live is not None
    (line,) = told
    assert "transmogrifying (a state this project does not know)" in line


@pytest.mark.parametrize("word", sorted(states.USUAL))
def test_the_states_that_take_long_are_known(word: str) -> None:
    assert not states.is_unknown(WELL | {"ClusterStatus": word})


def test_a_cluster_that_goes_is_none() -> None:
    assert settled(seen("deleting"), QuickClock())[0] is None


@pytest.mark.parametrize("word", ["deleting", "final-snapshot"])
def test_nothing_can_be_done_with_what_is_being_deleted(word: str) -> None:
    assert "is being deleted" in states.hopeless(WELL | {"ClusterStatus": word})
    assert states.hopeless(WELL) == ""


# How long, and what is heard of it


def test_the_wait_tells_how_it_goes() -> None:
    _, told = settled(seen(*["creating"] * 12, {}), QuickClock())
    assert told[0] == "cluster: creating, 0 min 00 s, usually 5 min"
    assert told[1] == "cluster: creating, 0 min 01 s, usually 5 min"
    assert told[5] == "cluster: creating, 0 min 13 s, usually 5 min"
    assert told[11].startswith("cluster: creating, 2 min")


def test_a_wait_for_another_state_names_the_present_one() -> None:
    told: list[str] = []
    states.Wait(QuickClock(), told.append).on(WELL)
    assert told == ["cluster: available, 0 min 00 s"]


def test_looks_become_rarer_and_never_rarer_than_half_a_minute() -> None:
    clock = QuickClock()
    wait, naps = states.Wait(clock, lambda _: None), []
    for _ in range(12):
        before = clock.slept
        wait.on(WELL)
        naps.append(clock.slept - before)
    assert naps[:4] == [1.0, 1.5, 2.25, 3.375]
    assert naps[9:] == [30.0, 30.0, 30.0]


def test_patience_ends_and_says_how_to_go_on() -> None:
    clock = QuickClock()
    with pytest.raises(StillWorking) as caught:
        settled(seen(*["creating"] * 1000), clock)
    assert 45 * 60 < clock.slept < 47 * 60
    assert caught.value.exit_code == 4
    assert "still creating after 45 min" in str(caught.value)
    assert "run the same again" in str(caught.value)


# On a cluster


def test_up_gives_up_waiting_and_a_second_run_finishes(running: Cloud) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.clusters.speed(creating=1000)
    with pytest.raises(StillWorking, match=r"still creating.* parts are as they"):
        running.up()
    clients = running.clients
    assert "Parameter" not in str(clients.ssm.describe_parameters()["Parameters"])
    writes = len(running.aws.writes)
    running.aws.clusters.release(NAME)
    running.up()
    again = [call.operation for call in running.aws.writes[writes:]]
    assert again == [
        "PutParameter",
        "EnableLogging",
        "ModifyScheduledAction",
        "DeleteParameter",
    ]


@pytest.mark.parametrize("word", ["hardware-failure", "incompatible-network"])
def test_a_failed_cluster_blocks_up_before_the_first_write(
    running: Cloud, word: str
) -> None:
    running.aws.clusters.put(NAME, word)
    with pytest.raises(AwsError, match=rf"state {word}.*Nothing was changed"):
        running.up()
    assert running.aws.writes == []


def test_a_cluster_that_is_being_deleted_is_not_taken_for_a_live_one(
    running: Cloud,
) -> None:
    running.aws.clusters.put(NAME, "deleting")
    with pytest.raises(AwsError, match=r"is being deleted.*Nothing was changed"):
        running.up()
    assert running.aws.writes == []


@pytest.mark.parametrize("availability", ["Maintenance", "Modifying"])
def test_up_waits_for_a_cluster_at_which_aws_works(
    running: Cloud, availability: str
) -> None:
    cluster = running.aws.world.clusters[NAME]
    running.aws.clusters.drift(NAME, AllowVersionUpgrade=False)
    cluster.hold(Step("available", 6, availability))
    prepared = running.prepared()
    (action,) = prepared.plan.changes
    assert (action.verb, action.why) == (engine.WAIT, availability.lower())
    up.apply(running.site(), prepared, bar())
    assert running.clock.slept > 0
    assert running.aws.clusters.get(NAME)["AllowVersionUpgrade"] is True


def test_an_endpoint_that_is_missing_for_a_while_is_no_error(running: Cloud) -> None:
    cluster = running.aws.world.clusters[NAME]
    cluster.has_endpoint = False

    def appears() -> None:
        cluster.has_endpoint = True

    cluster.walk(Step("available", 5), Step("available", enter=appears))
    prepared = running.prepared()
    assert [each.why for each in prepared.plan.changes] == ["getting an endpoint"]
    up.apply(running.site(), prepared, bar())
    assert running.aws.clusters.get(NAME)["Endpoint"]["Address"]
