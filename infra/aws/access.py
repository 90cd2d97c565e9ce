"""Roles: what the cluster may read, and who may pause it when its time is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from infra.aws import documents, faults
from infra.aws.names import PATH, Stack, mapped
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

POLICY = "sparkify"  # the name of the one inline policy of a role


class Role(Resource):
    """A role that one service takes, with one inline policy and no other."""

    kind: ClassVar[str] = "role"
    fixed: ClassVar[Mapping[str, str]] = {
        "path": "AWS cannot change that. Delete the role, if nothing else needs it."
    }

    def __init__(
        self,
        iam: IAMClient,
        stack: Stack,
        key: str,
        service: str,
        policy: documents.Document,
    ) -> None:
        super().__init__(key, stack.named(key.replace(" ", "-")))
        self._iam = iam
        self._stack = stack
        self._trust = documents.trusts(service)
        self._policy = policy

    def find(self, found: Found) -> Live | None:
        """The role, its policies with it."""
        from botocore.exceptions import ClientError

        try:
            role = self.read(lambda: self._iam.get_role(RoleName=self.name))["Role"]
        except ClientError as error:
            if faults.is_missing(error):
                return None
            raise
        if not self._stack.owns(mapped(role.get("Tags"))):
            raise ForeignError(
                f"There is a role {self.name} that this project did not make (it lacks "
                "the tags of the stack). Rename the stack (setting stack), or delete "
                "or tag that role yourself."
            )
        return {**role}

    def wanted(self, found: Found) -> Attributes:
        """Where it is, who may take it, and what it may do."""
        return {
            "path": PATH,
            "trust": documents.text(self._trust),
            "policy": documents.text(self._policy),
            "other policies": (),
            "attached policies": (),
        }

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        names = self._inline()
        policy = "none"
        if POLICY in names:
            kept = self.read(
                lambda: self._iam.get_role_policy(RoleName=self.name, PolicyName=POLICY)
            )
            policy = documents.text(kept["PolicyDocument"])
        return {
            "path": live["Path"],
            "trust": documents.text(live["AssumeRolePolicyDocument"]),
            "policy": policy,
            "other policies": tuple(name for name in names if name != POLICY),
            "attached policies": self._attached(),
        }

    def _inline(self) -> list[str]:
        pages = self._iam.get_paginator("list_role_policies")
        return sorted(
            name
            for page in self.read(lambda: list(pages.paginate(RoleName=self.name)))
            for name in page["PolicyNames"]
        )

    def _attached(self) -> tuple[str, ...]:
        pages = self._iam.get_paginator("list_attached_role_policies")
        return tuple(
            sorted(
                policy["PolicyArn"]
                for page in self.read(lambda: list(pages.paginate(RoleName=self.name)))
                for policy in page["AttachedPolicies"]
            )
        )

    def create(self, found: Found) -> None:
        """Makes the role; its policy is the first difference."""
        self.patiently(
            lambda: self._iam.create_role(
                Path=PATH,
                RoleName=self.name,
                AssumeRolePolicyDocument=documents.text(self._trust),
                Description=f"Made by sparkify-warehouse for {self._stack.full_name}",
                Tags=self._stack.tags(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Puts the documents right, and takes away what was added."""
        for each in differences:
            if each.attribute == "trust":
                self.patiently(
                    lambda: self._iam.update_assume_role_policy(
                        RoleName=self.name, PolicyDocument=documents.text(self._trust)
                    )
                )
            elif each.attribute == "policy":
                self.patiently(
                    lambda: self._iam.put_role_policy(
                        RoleName=self.name,
                        PolicyName=POLICY,
                        PolicyDocument=documents.text(self._policy),
                    )
                )
            else:
                self._strip(keep=(POLICY,))

    def delete(self, live: Live, found: Found) -> None:
        """Deletes the role with its policies."""
        self._strip(keep=())
        self.patiently(lambda: self._iam.delete_role(RoleName=self.name))

    def _strip(self, keep: Sequence[str]) -> None:
        for name in self._inline():
            if name not in keep:
                self.patiently(
                    partial(
                        self._iam.delete_role_policy,
                        RoleName=self.name,
                        PolicyName=name,
                    )
                )
        for arn in self._attached():
            self.patiently(
                partial(self._iam.detach_role_policy, RoleName=self.name, PolicyArn=arn)
            )
