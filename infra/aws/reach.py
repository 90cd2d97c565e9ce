"""Whether the cluster can be reached from here, and if not, why."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

from infra.aws import states
from infra.errors import SparkifyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.aws.resource import Live
    from infra.aws.site import Site

SECONDS = 5.0
# PostgreSQL's protocol, which Redshift speaks: a request for TLS; the answer is S
_TLS_PLEASE = struct.pack("!ii", 8, 80877103)


def answers(host: str, port: int) -> bool:
    """Whether something there takes a connection over TLS as Redshift does."""
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as connection:
            connection.sendall(_TLS_PLEASE)
            return connection.recv(1) == b"S"
    except OSError:
        return False


def why_not(
    site: Site,
    cluster: Live,
    may_come_in: tuple[str, ...],
    address: Callable[[], str],
    probe: Callable[[str, int], bool] = answers,
) -> str:
    """Why the cluster does not answer from here, the likeliest first, or nothing.

    `may_come_in` are the rules of its security group, `address` asks for ours.
    """
    if states.status(cluster) == states.PAUSED:
        return "It is paused: `invoke resume` starts it."
    if busy := states.pending(cluster):
        return f"It is {busy}: wait until it is available."
    endpoint = cluster["Endpoint"]
    if probe(endpoint["Address"], endpoint["Port"]):
        return ""
    return _silent(site, cluster, may_come_in, address)


def _silent(
    site: Site,
    cluster: Live,
    may_come_in: tuple[str, ...],
    address: Callable[[], str],
) -> str:
    """Why an available cluster says nothing."""
    endpoint = cluster["Endpoint"]
    if not cluster["PubliclyAccessible"]:
        return (
            "It is private: reach it from inside its VPC, or by VPN or port "
            "forwarding; see the README."
        )
    ranges = [rule.split(" ")[0] for rule in may_come_in]
    setting = site.settings.aws_cidr
    try:
        mine = address()
    except SparkifyError as error:
        return f"Nothing answers at {endpoint['Address']}, and {error}"
    if not any(_is_within(mine, each) for each in ranges):
        how = "`invoke allow-me` changes that."
        if setting and not _is_within(mine, setting):
            how = f"the setting aws_cidr says {setting}; correct it."
        return (
            f"Your address is {mine}, the security group lets in "
            f"{', '.join(ranges) or 'nobody'}: {how}"
        )
    return (
        f"Nothing answers at {endpoint['Address']}, port {endpoint['Port']}. The "
        "security group lets you in: look at `invoke up --plan` for changed routes, "
        "and at firewalls on your side, which may not let this port out."
    )


def _is_within(mine: str, peer: str) -> bool:
    """Whether an address, or a range of them, is in the range that a rule names."""
    try:
        return ipaddress.IPv4Network(mine).subnet_of(ipaddress.IPv4Network(peer))
    except ValueError:  # the peer is a group, a list or of IPv6
        return False
