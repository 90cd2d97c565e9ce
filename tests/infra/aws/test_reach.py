import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cloud import ROOT, Cloud, QuickClock

from infra import settings
from infra.aws import reach
from infra.aws.names import Stack
from infra.aws.site import Site
from infra.errors import ConfigurationError

MINE = "81.2.69.142/32"
LIVE: dict[str, Any] = {
    "ClusterIdentifier": "sparkify-dev",
    "ClusterStatus": "available",
    "ClusterAvailabilityStatus": "Available",
    "Endpoint": {"Address": "cluster.example", "Port": 5439},
    "PubliclyAccessible": True,
    "IamRoles": [],
}
TLS_PLEASE = bytes([0, 0, 0, 8, 4, 210, 22, 47])


@contextmanager
def server(answer: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """Something that takes one connection and answers this, at a local port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            told = connection.recv(100)
            if heard is not None:
                heard.append(told)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# Whether something answers


@pytest.mark.parametrize(
    ("answer", "is_redshift"),
    [(b"S", True), (b"N", False), (b"", False), (b"HTTP/1.1 400 Bad", False)],
)
def test_redshift_answers_that_it_speaks_tls(answer: bytes, is_redshift: bool) -> None:
    heard: list[bytes] = []
    with server(answer, heard) as port:
        assert reach.answers("127.0.0.1", port) is is_redshift
    assert heard == [TLS_PLEASE]


def test_a_closed_port_does_not_answer() -> None:
    assert reach.answers("127.0.0.1", closed_port()) is False


def test_a_host_that_there_is_not_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert reach.answers("cluster.example", 5439) is False


def test_silence_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert reach.answers("127.0.0.1", listener.getsockname()[1]) is False


# Why not


def site(**changes: object) -> Site:
    found = settings.load(ROOT, {})
    found = found.model_copy(update={"aws_cidr": "", **changes})
    nobody: Any = None
    stack = Stack("dev", "123456789012", "us-west-2")
    return Site(found, nobody, stack, QuickClock())


def why(
    change: dict[str, Any] | None = None,
    *,
    rules: tuple[str, ...] = (f"{MINE} tcp 5439",),
    address: Callable[[], str] = lambda: MINE,
    is_there: bool = False,
    **changes: object,
) -> str:
    probed: list[tuple[str, int]] = []

    def probe(host: str, port: int) -> bool:
        probed.append((host, port))
        return is_there

    told = reach.why_not(site(**changes), LIVE | (change or {}), rules, address, probe)
    assert probed in ([], [("cluster.example", 5439)])
    return told


def never() -> str:
    raise AssertionError("nobody has to ask for the address")


def test_the_reasons_come_in_their_order() -> None:
    wrong: dict[str, Any] = {"PubliclyAccessible": False}
    paused = {"ClusterStatus": "paused", "Endpoint": None}
    assert "is paused: `invoke resume`" in why(wrong | paused, address=never)
    busy = {"ClusterAvailabilityStatus": "Modifying", "Endpoint": None}
    assert "It is modifying: wait" in why(wrong | busy, address=never)
    missing = {"Endpoint": None}
    assert "getting an endpoint" in why(wrong | missing, address=never)
    assert why(wrong, address=never, is_there=True, rules=()) == ""
    assert "It is private" in why(wrong, address=never)
    assert f"Your address is {MINE}" in why(rules=("203.0.113.7/32 tcp 5439",))
    assert "lets you in" in why()


@pytest.mark.parametrize(
    ("rules", "lets_in"),
    [
        ((), "nobody"),
        (("203.0.113.7/32 tcp 5439",), "203.0.113.7/32"),
        (("::/0 everything", "sg-1 tcp 5439"), "::/0, sg-1"),
    ],
)
def test_a_changed_address_is_named(rules: tuple[str, ...], lets_in: str) -> None:
    told = why(rules=rules)
    assert f"the security group lets in {lets_in}: `invoke allow-me`" in told


@pytest.mark.parametrize(
    "rules",
    [("81.2.69.0/24 tcp 5439",), ("10.0.0.0/8 tcp 1", "81.2.69.128/25 tcp 5439")],
)
def test_a_range_that_has_our_address_lets_us_in(rules: tuple[str, ...]) -> None:
    assert "lets you in" in why(rules=rules)
    assert "lets you in" in why(rules=rules, aws_cidr="81.2.69.0/24")


def test_a_setting_that_does_not_let_us_in_is_named() -> None:
    """allow-me would let in what it says, and not us."""
    told = why(rules=("203.0.113.0/24 tcp 5439",), aws_cidr="203.0.113.0/24")
    assert "the setting aws_cidr says 203.0.113.0/24" in told
    assert "allow-me" not in told
    told = why(rules=("203.0.113.0/24 tcp 5439",), aws_cidr="81.2.69.142")
    assert "allow-me" in told


def test_where_our_address_is_unknown_that_is_said() -> None:
    def unknown() -> str:
        raise ConfigurationError("the address cannot be found out.")

    told = why(address=unknown)
    assert told == (
        "Nothing answers at cluster.example, and the address cannot be found out."
    )


# With a cluster


def test_a_cluster_that_answers_has_no_reason(running: Cloud) -> None:
    with server(b"S") as port:
        live = dict(running.aws.clusters.get("sparkify-dev"))
        live["Endpoint"] = {"Address": "127.0.0.1", "Port": port}
        assert reach.why_not(running.site(), live, (), never) == ""


def test_a_closed_one_has_one(running: Cloud) -> None:
    live = dict(running.aws.clusters.get("sparkify-dev"))
    live["Endpoint"] = {"Address": "127.0.0.1", "Port": closed_port()}
    rules = (f"{MINE} tcp 5439",)
    told = reach.why_not(running.site(), live, rules, lambda: MINE)
    assert "Nothing answers at 127.0.0.1, port " in told
