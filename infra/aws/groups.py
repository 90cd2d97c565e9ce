"""What a cluster is set up with: its subnets, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from infra.aws import faults
from infra.aws.names import Stack, mapped
from infra.aws.patience import IN_USE
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient

TASK = 60  # seconds that AWS may be at work on a parameter group
FAMILY = "redshift-2.0"  # of redshift-1.0, require_ssl would be false by default
PARAMETERS = {
    "enable_user_activity_logging": "true",  # or the audit log lacks the statements
    "max_concurrency_scaling_clusters": "0",  # these are billed beside the cluster
    "require_ssl": "true",
}


class _Group(Resource):
    """Found by its name, owned by its tags."""

    def __init__(self, redshift: RedshiftClient, stack: Stack, key: str) -> None:
        super().__init__(key, stack.full_name)
        self._redshift = redshift
        self._stack = stack

    def _owned(self, live: Live) -> Live:
        if not self._stack.owns(mapped(live.get("Tags"))):
            raise ForeignError(
                f"There is a {self.kind} {self.name} that this project did not make "
                "(it lacks the tags of the stack). Rename the stack (setting stack), "
                "or delete or tag that one yourself."
            )
        return live


class SubnetGroup(_Group):
    """The subnets that Redshift may put the cluster in."""

    kind = "subnet group"
    fixed: ClassVar[Mapping[str, str]] = {
        "VPC": "That one lacks the tags of the stack, or is gone. Put the tags back, "
        "or take the warehouse down and up again."
    }

    def __init__(
        self, redshift: RedshiftClient, stack: Stack, subnets: Sequence[str]
    ) -> None:
        super().__init__(redshift, stack, "subnet group")
        self._subnets = subnets  # their keys

    def find(self, found: Found) -> Live | None:
        """The group of this name."""
        from botocore.exceptions import ClientError

        try:
            answer = self.read(
                lambda: self._redshift.describe_cluster_subnet_groups(
                    ClusterSubnetGroupName=self.name
                )
            )
        except ClientError as error:
            if faults.is_missing(error):
                return None
            raise
        return self._owned({**answer["ClusterSubnetGroups"][0]})

    def _ids(self, found: Found) -> tuple[str, ...]:
        return tuple(sorted(found.the(key, "SubnetId") for key in self._subnets))

    def wanted(self, found: Found) -> Attributes:
        """The stack's VPC and its subnets."""
        return {"VPC": found.the("vpc", "VpcId"), "subnets": self._ids(found)}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        return {
            "VPC": live["VpcId"],
            "subnets": tuple(
                sorted(each["SubnetIdentifier"] for each in live["Subnets"])
            ),
        }

    def create(self, found: Found) -> None:
        """Makes the group."""
        self.patiently(
            lambda: self._redshift.create_cluster_subnet_group(
                ClusterSubnetGroupName=self.name,
                Description=f"Subnets of {self._stack.full_name}",
                SubnetIds=list(self._ids(found)),
                Tags=self._stack.tags(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Puts the subnets right."""
        self.patiently(
            lambda: self._redshift.modify_cluster_subnet_group(
                ClusterSubnetGroupName=self.name, SubnetIds=list(self._ids(found))
            )
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the group."""
        self.patiently(
            lambda: self._redshift.delete_cluster_subnet_group(
                ClusterSubnetGroupName=self.name
            ),
            in_use=IN_USE,
        )


class ParameterGroup(_Group):
    """The parameters of the cluster: always TLS, statements logged, no extra cost."""

    kind = "parameter group"
    fixed: ClassVar[Mapping[str, str]] = {
        "family": "AWS cannot change that. Delete the group, which no cluster may use."
    }
    restarts: ClassVar[frozenset[str]] = frozenset(PARAMETERS)

    def __init__(self, redshift: RedshiftClient, stack: Stack) -> None:
        super().__init__(redshift, stack, "parameter group")

    def find(self, found: Found) -> Live | None:
        """The group of this name."""
        from botocore.exceptions import ClientError

        try:
            answer = self.read(
                lambda: self._redshift.describe_cluster_parameter_groups(
                    ParameterGroupName=self.name
                )
            )
        except ClientError as error:
            if faults.is_missing(error):
                return None
            raise
        return self._owned({**answer["ParameterGroups"][0]})

    def wanted(self, found: Found) -> Attributes:
        """The family, and the parameters that are not Redshift's own."""
        return {"family": FAMILY, **PARAMETERS}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        pages = self._redshift.get_paginator("describe_cluster_parameters")
        values = {
            each["ParameterName"]: each.get("ParameterValue")
            for page in self.read(
                lambda: list(pages.paginate(ParameterGroupName=self.name))
            )
            for each in page["Parameters"]
        }
        return {
            "family": live["ParameterGroupFamily"],
            **{name: values.get(name, "none") for name in PARAMETERS},
        }

    def create(self, found: Found) -> None:
        """Makes the group; its values are the first differences."""
        self.patiently(
            lambda: self._redshift.create_cluster_parameter_group(
                ParameterGroupName=self.name,
                ParameterGroupFamily=FAMILY,
                Description=f"Parameters of {self._stack.full_name}",
                Tags=self._stack.tags(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Sets the parameters that differ."""
        self.patiently(
            lambda: self._redshift.modify_cluster_parameter_group(
                ParameterGroupName=self.name,
                Parameters=[
                    {
                        "ParameterName": each.attribute,
                        "ParameterValue": str(each.after),
                    }
                    for each in differences
                ],
            ),
            in_use=TASK,
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the group."""
        self.patiently(
            lambda: self._redshift.delete_cluster_parameter_group(
                ParameterGroupName=self.name
            ),
            in_use=IN_USE,
        )
