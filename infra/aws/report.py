"""What a person sees of the stack: plans, prices, states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from infra.aws import engine, logs
from infra.console import say, table, warn

if TYPE_CHECKING:
    from infra.aws.cost import Bill
    from infra.aws.engine import Action, Plan
    from infra.aws.site import Site

_SIGNS = {
    engine.CREATE: "+ create",
    engine.CHANGE: "~ change",
    engine.DELETE: "- delete",
    engine.WAIT: "… wait",
    engine.BLOCKED: "! blocked",
}
LONGEST = 60  # characters of a value; policies are longer


def plan(planned: Plan, site: Site) -> None:
    """Prints what is to be done, and how many things stay as they are."""
    rows = [row for action in planned.changes for row in _rows(action)]
    if rows:
        table(("", "what", "name", "before → after"), rows)
    kept = len(planned.actions) - len(planned.changes)
    if kept:
        say(f"  = {kept} of {len(planned.actions)} are as they should be")
    if any(action.restarts for action in planned.changes):
        warn("the cluster restarts for this: running queries end.")
    say(f"  in account {site.stack.account}, region {site.stack.region}")
    endpoint_banner(site)


def endpoint_banner(site: Site) -> None:
    """Says when the requests do not go to AWS at all."""
    url = site.clients.redshift.meta.endpoint_url
    if not url.rstrip("/").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        warn(f"AWS_ENDPOINT_URL is set: requests go to {url}, not to AWS.")


def _rows(action: Action) -> Iterable[tuple[str, str, str, str]]:
    resource = action.resource
    head = (_SIGNS[action.verb], resource.kind, short(resource.name))
    if action.why or not action.differences:
        yield (*head, action.why)
        return
    for number, each in enumerate(action.differences):
        change = f"{each.attribute}: {shown(each.before)} → {shown(each.after)}"
        yield (*(head if number == 0 else ("", "", "")), change)


def short(name: str) -> str:
    """A name as a table of 80 columns shows it: those of log groups are long."""
    return name.removeprefix(logs.SHELF)


def shown(value: object) -> str:
    """A value of an attribute as a plan shows it."""
    if isinstance(value, tuple):
        value = ", ".join(str(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def access(site: Site, cidr: str) -> None:
    """Says who will be able to reach the cluster, in one sentence."""
    if site.is_public:
        say(
            f"  access  the cluster gets a public address; only {cidr} may come in, "
            f"over TLS, on port {site.settings.port}"
        )
    else:
        say(
            "  access  private: no way in from the internet; "
            f"{cidr} may come in from inside, on port {site.settings.port}"
        )


def bill(lines: Bill) -> None:
    """Prints what it costs."""
    for line in lines.lines():
        say(f"  {line}")
