"""Where the cluster's audit log goes: groups of CloudWatch with an end to each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra.aws.names import Stack
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

SHELF = "/aws/redshift/cluster/"  # Redshift chose it
EXPORTS = ("connectionlog", "useractivitylog", "userlog")


def prefix(stack: Stack) -> str:
    """What the names of the stack's log groups start with."""
    return f"{SHELF}{stack.full_name}/"


class LogGroup(Resource):
    """The group of one log. Made before the log is turned on, or it would never end."""

    kind = "log group"

    def __init__(
        self, logs: CloudWatchLogsClient, stack: Stack, export: str, days: int
    ) -> None:
        super().__init__(export, f"{prefix(stack)}{export}")
        self._logs = logs
        self._stack = stack
        self._days = days

    def find(self, found: Found) -> Live | None:
        """The group of this name."""
        pages = self._logs.get_paginator("describe_log_groups")
        groups = [
            group
            for page in self.read(
                lambda: list(pages.paginate(logGroupNamePrefix=self.name))
            )
            for group in page["logGroups"]
            if group["logGroupName"] == self.name
        ]
        if not groups:
            return None
        arn = groups[0]["arn"].removesuffix(":*")
        tags = self.read(lambda: self._logs.list_tags_for_resource(resourceArn=arn))[
            "tags"
        ]
        if not self._stack.owns(tags):
            raise ForeignError(
                f"There is a log group {self.name} that this project did not make (it "
                "lacks the tags of the stack). Delete it, or rename the stack (setting "
                "stack)."
            )
        return {**groups[0]}

    def wanted(self, found: Found) -> Attributes:
        """How long lines are kept."""
        return {"days kept": self._days}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        return {"days kept": live.get("retentionInDays", "for ever")}

    def create(self, found: Found) -> None:
        """Makes the group."""
        self.patiently(
            lambda: self._logs.create_log_group(
                logGroupName=self.name, tags=self._stack.tag_map()
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Says how long lines are kept."""
        self.patiently(
            lambda: self._logs.put_retention_policy(
                logGroupName=self.name, retentionInDays=self._days
            )
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the group with its lines."""
        self.patiently(lambda: self._logs.delete_log_group(logGroupName=self.name))
