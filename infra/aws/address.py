"""Who may come in: the address of whoever runs this, or a range that a person gives."""

import re
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network
from typing import IO
from urllib.request import HTTPRedirectHandler, Request, build_opener

from infra.errors import ConfigurationError

ASKED = "https://checkip.amazonaws.com"
TIMEOUT = 5.0  # seconds
SHORTEST = 24  # a prefix for an office; a shorter one is for a part of the internet
_LONGEST = 100  # bytes; an address has 15

_RANGE = re.compile(r"[0-9.]+(/[0-9]{1,2})?")
# The last one is for carriers, and for VPNs
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
# For documentation: nobody has one, so letting it in does no harm, and examples work
_EXAMPLES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
_INSTEAD = "Give it with --cidr ADDRESS/32, or set aws_cidr in invoke.yaml."


class _NoRedirects(HTTPRedirectHandler):
    """Redirects lead to login pages: each is an error."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - as urllib calls it
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """There is no request to follow it with."""


def _fetch(url: str) -> bytes:
    """What the address answers, over TLS only, by the proxies of the environment.

    Raises OSError, HTTPException or ValueError.
    """
    if not url.startswith("https://"):
        raise ValueError("not https")
    with build_opener(_NoRedirects).open(url, timeout=TIMEOUT) as answer:
        content: bytes = answer.read(_LONGEST)
        if answer.length:  # of a truncated address another one may be left
            raise OSError("the answer is too long, or broke off")
    return content


def my_address(fetch: Callable[[str], bytes] = _fetch) -> IPv4Network:
    """The public address of this machine, as AWS sees it, with /32.

    Behind a proxy it is the proxy's. Whatever is no public IPv4 address raises: there
    is no other answer that would be safe to let in.
    """
    try:
        content = fetch(ASKED)
    except (OSError, HTTPException, ValueError) as error:
        raise ConfigurationError(
            f"The public address of this machine cannot be found out: {ASKED} cannot "
            f"be asked, perhaps for a proxy or a firewall ({type(error).__name__}). "
            f"{_INSTEAD}"
        ) from error
    try:
        address = IPv4Address(content.decode("ascii").strip())
    except (UnicodeDecodeError, AddressValueError) as error:
        what = "an IPv6 address" if _is_ipv6(content) else "no IPv4 address"
        raise ConfigurationError(
            f"The public address of this machine cannot be found out: {ASKED}, or a "
            f"login page or proxy before it, answers with {what}. {_INSTEAD}"
        ) from error
    if not _is_public(IPv4Network(address)):
        raise ConfigurationError(
            f"The public address of this machine cannot be found out: {ASKED}, or a "
            f"proxy before it, says {address}, which is not one of the internet. "
            f"{_INSTEAD}"
        )
    return IPv4Network(address)


def allowed(text: str, *, private: bool = False) -> IPv4Network:
    """A range that may come in, as a person writes it; one address is a /32.

    `private` tells that they come by a private way, a VPN or a peering, and not over
    the internet. Only then private ranges make sense. Raises ConfigurationError.
    """
    typed = text.strip()
    if ":" in typed and _is_ipv6(typed.encode()):
        raise ConfigurationError(
            f"{typed} is IPv6, and the warehouse is reached by IPv4. Give an IPv4 "
            "address or range, such as that of your VPN."
        )
    network = _parsed(typed)
    if network.prefixlen == 0:
        raise ConfigurationError(
            f"{typed} lets the whole internet in, which is never allowed. Give your "
            "own address as ADDRESS/32."
        )
    is_inside = _is_in(network, _PRIVATE)
    if is_inside and not private:
        raise ConfigurationError(
            f"{network} is a private range: nobody comes from there over the internet. "
            "Give your public address, or set aws_access to private."
        )
    if network.prefixlen < SHORTEST and not is_inside:
        raise ConfigurationError(
            f"{typed} lets {network.num_addresses:,} addresses in, and a range may "
            f"have {2 ** (32 - SHORTEST)} (/{SHORTEST}). Give your own address as "
            "ADDRESS/32, or the range of your office."
        )
    written, _, prefix = typed.partition("/")
    if IPv4Address(written) != network.network_address:
        raise ConfigurationError(
            f"{typed} is an address within a range. Write {network} for the range, or "
            f"{written}/32 for this address alone (not /{prefix})."
        )
    if is_inside or _is_public(network) or _is_in(network, _EXAMPLES):
        return network
    raise ConfigurationError(
        f"{network} is reserved: nobody comes from there over the internet. "
        "Give your own address as ADDRESS/32."
    )


def _parsed(typed: str) -> IPv4Network:
    try:
        # ipaddress would take netmasks as well
        if _RANGE.fullmatch(typed):
            return IPv4Network(typed, strict=False)
    except ValueError:
        pass
    raise ConfigurationError(
        f"{typed!r} is no IPv4 address or range. Write it as ADDRESS/32, or as "
        f"ADDRESS/{SHORTEST} for a whole network."
    )


def _is_public(network: IPv4Network) -> bool:
    return network.is_global and not network.is_multicast


def _is_in(network: IPv4Network, blocks: tuple[str, ...]) -> bool:
    return any(network.subnet_of(IPv4Network(block)) for block in blocks)


def _is_ipv6(content: bytes) -> bool:
    try:
        IPv6Network(content.decode("ascii").strip(), strict=False)
    except ValueError:
        return False
    return True
