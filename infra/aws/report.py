"""What a person sees of the stack: plans, prices, states."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

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
AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


def plan(planned: Plan, site: Site) -> None:
    """Prints what is to be done, and how many things stay as they are."""
    rows = [row for action in planned.changes for row in _rows(action)]
    if rows:
        headers = ("", "what", "name", "change")
        columns = 4 if any(row[3] for row in rows) else 3
        table(headers[:columns], [row[:columns] for row in rows])
    kept = len(planned.actions) - len(planned.changes)
    if kept:
        say(f"  = {kept} of {len(planned.actions)} are as they should be")
    if any(action.restarts for action in planned.changes):
        warn("the cluster restarts for this: running queries end.")
    say(f"  in account {site.stack.account}, region {site.stack.region}")


def endpoint_banner(site: Site) -> None:
    """Says when requests do not go to AWS at all."""
    clients = (site.clients.sts, site.clients.redshift)
    hosts = [urlsplit(each.meta.endpoint_url).hostname or "" for each in clients]
    for host in dict.fromkeys(hosts):
        if not host.endswith(AWS_HOSTS):
            warn(
                f"requests go to {host}, not to AWS: AWS_ENDPOINT_URL or a profile "
                "says so."
            )


def _rows(action: Action) -> Iterable[tuple[str, str, str, str]]:
    resource = action.resource
    head = (_SIGNS[action.verb], resource.kind, short(resource.name))
    if action.why or not action.differences:
        yield (*head, action.why)
        return
    for number, each in enumerate(action.differences):
        change = f"{each.attribute}: {changed(each.before, each.after)}"
        yield (*(head if number == 0 else ("", "", "")), change)


def short(name: str) -> str:
    """A name as a table of 80 columns shows it: those of log groups are long."""
    return name.removeprefix(logs.SHELF)


def changed(before: object, after: object) -> str:
    """What becomes of an attribute: of a list only what goes and what comes."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        gone = [f"- {shown(each)}" for each in before if each not in after]
        new = [f"+ {shown(each)}" for each in after if each not in before]
        if gone or new:
            return ", ".join([*gone, *new])
    texts = shown(before), shown(after)
    if texts[0] == texts[1]:
        return f"{texts[0]}, but in another way"
    return " → ".join(texts)


def shown(value: object) -> str:
    """A value of an attribute as a plan shows it."""
    if isinstance(value, tuple):
        value = ", ".join(map(shown, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = _summary(str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _summary(text: str) -> str:
    """Of an ARN what it names, of a policy who may do what; other texts as they are."""
    if text.startswith("arn:"):
        return text.split(":", 5)[-1]
    if not text.startswith("{"):
        return text
    found: list[str] = []
    try:
        statements = json.loads(text).get("Statement", [])
    except ValueError:
        return text
    for each in statements if isinstance(statements, list) else [statements]:
        if each.get("Effect") == "Deny":
            found.append("not")
        found += [*_words(each.get("Principal", ())), *_words(each.get("Action", ()))]
    return " ".join(dict.fromkeys(found)) or "nothing"


def _words(value: object) -> list[str]:
    """Principals and actions, which stand alone, in lists or below a kind."""
    if isinstance(value, dict):
        return [word for each in value.values() for word in _words(each)]
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return [str(value)]


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
