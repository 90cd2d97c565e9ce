"""Names and tags: how this project knows again what it made.

There is no file of state. Every name follows from the stack's, and every thing carries
two tags; what lacks one of them is somebody else's.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MANAGED_BY = "managed-by"
STACK = "stack"
OWNER = "owner"
EXPIRES = "expires-at"
US = "sparkify-warehouse"
PREFIX = "sparkify-"
PATH = "/sparkify/"  # of roles, and of parameters


@dataclass(frozen=True)
class Stack:
    """A warehouse on AWS, by its name in an account and a region."""

    name: str
    account: str
    region: str
    owner: str = ""

    @property
    def full_name(self) -> str:
        """What everything of the stack is called, or starts with."""
        return f"{PREFIX}{self.name}"

    def named(self, what: str) -> str:
        """The name of a part of the stack."""
        return f"{self.full_name}-{what}"

    @property
    def cluster_arn(self) -> str:
        """The address of the cluster in policies and tags."""
        return self.redshift_arn("cluster", self.full_name)

    @property
    def stage_bucket(self) -> str:
        """The stack's own bucket; the name is the only one in the world."""
        return f"{self.full_name}-{self.account}-{self.region}"

    @property
    def catalog(self) -> str:
        """The stack's database in Glue; with hyphens SQL would have to quote it."""
        return self.full_name.replace("-", "_")

    def glue_arn(self, what: str) -> str:
        """The address of something in Glue's catalogue, or of the catalogue."""
        return f"arn:aws:glue:{self.region}:{self.account}:{what}"

    @property
    def catalog_arns(self) -> list[str]:
        """What every request about the stack's database is about."""
        things = ("catalog", f"database/{self.catalog}", f"table/{self.catalog}/*")
        return [self.glue_arn(each) for each in things]

    def redshift_arn(self, kind: str, name: str) -> str:
        """The address of something of Redshift's."""
        return f"arn:aws:redshift:{self.region}:{self.account}:{kind}:{name}"

    def role_arn(self, name: str) -> str:
        """The address of one of the stack's roles."""
        return f"arn:aws:iam::{self.account}:role{PATH}{name}"

    @property
    def identity(self) -> dict[str, str]:
        """The tags by which things are known again."""
        return {MANAGED_BY: US, STACK: self.name}

    def tags(self, **more: str) -> list[Any]:  # each service has a type of its own
        """All tags of a new thing, as most services take them."""
        found = self.identity | ({OWNER: self.owner} if self.owner else {}) | more
        return [{"Key": key, "Value": value} for key, value in found.items()]

    def tag_map(self) -> dict[str, str]:
        """The same as one mapping, as CloudWatch Logs takes them."""
        return {each["Key"]: each["Value"] for each in self.tags()}

    def filters(self) -> list[Any]:
        """What finds the stack's things in EC2."""
        return [
            {"Name": f"tag:{key}", "Values": [value]}
            for key, value in self.identity.items()
        ]

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether something with these tags is the stack's."""
        return self.identity.items() <= tags.items()


def mapped(tags: Iterable[Any] | None) -> dict[str, str]:
    """Tags as a mapping."""
    return {each["Key"]: each["Value"] for each in tags or ()}


def subnet_ranges(network: str, count: int) -> list[str]:
    """The first ranges of a network for its subnets, an eighth of it each."""
    parts = ipaddress.IPv4Network(network).subnets(prefixlen_diff=3)
    return [str(part) for part, _ in zip(parts, range(count), strict=False)]
