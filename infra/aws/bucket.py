"""The stack's own bucket: what a load packs for COPY passes through it, for minutes.

Names of buckets are the world's. This one has the account's number in it and is asked
for as the account's: whoever else has the name, has it for harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws import faults
from infra.aws.names import Stack, mapped
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

DAYS = 1  # that objects are kept; a load deletes its own
AT_ONCE = 1000  # objects, the most that S3 deletes by one request
_ELSEWHERE = "us-east-1"  # the one region that S3 does not want to be told
_BLOCKED: Any = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


class StageBucket(Resource):
    """Private, encrypted as S3 does by itself, and emptied every day."""

    kind = "bucket"

    def __init__(self, s3: S3Client, stack: Stack) -> None:
        super().__init__("stage", stack.stage_bucket)
        self._s3 = s3
        self._stack = stack
        self._ours: dict[str, Any] = {
            "Bucket": self.name,
            "ExpectedBucketOwner": stack.account,
        }

    def find(self, found: Found) -> Live | None:
        """The bucket with its tags. An empty one without any is one that was begun."""
        from botocore.exceptions import ClientError

        try:  # not by HeadBucket: its refusals have no text to tell them apart by
            keys = self._objects(at_most=1)
        except ClientError as error:
            if faults.is_missing(error):
                return None
            if faults.is_denied(error) and not _is_ours_to_allow(error):
                raise self._foreign() from error
            raise
        tags = self._tags()
        if not self._stack.owns(tags) and (tags or keys):
            raise self._foreign()
        return {"Tags": tags}

    def _foreign(self) -> ForeignError:
        return ForeignError(
            f"There is a bucket {self.name} that this project did not make, or that "
            "you may not list (s3:ListBucket). Delete it if it is yours, or rename the "
            "stack (setting stack)."
        )

    def wanted(self, found: Found) -> Attributes:
        """Our tags, nothing public, and an end to each object."""
        return {"tags": True, "public access": "blocked", "days kept": DAYS}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        return {
            "tags": self._stack.owns(live["Tags"]),
            "public access": "blocked" if self._is_private() else "possible",
            "days kept": self._days(),
        }

    def _tags(self) -> dict[str, str]:
        return mapped(self._configured("get_bucket_tagging").get("TagSet"))

    def _is_private(self) -> bool:
        found = self._configured("get_public_access_block")
        return bool(found.get("PublicAccessBlockConfiguration") == _BLOCKED)

    def _days(self) -> object:
        found = self._configured("get_bucket_lifecycle_configuration")
        ends = [
            rule.get("Expiration", {}).get("Days")
            for rule in found.get("Rules", ())
            if rule["Status"] == "Enabled" and not _narrowed(rule)
        ]
        return min(filter(None, ends), default="for ever")

    def _configured(self, operation: str) -> dict[str, Any]:
        """A part of the bucket's configuration; nothing where it was never set.

        Nor where S3 does not know the bucket everywhere yet.
        """
        from botocore.exceptions import ClientError

        try:
            answer: dict[str, Any] = self.read(
                partial(getattr(self._s3, operation), **self._ours)
            )
        except ClientError as error:
            if not faults.is_missing(error):
                raise
            return {}
        return answer

    def create(self, found: Found) -> None:
        """Makes the bucket with its tags; what S3 does of that alone, `change` mends.

        A repeated request, whose first answer was lost, finds the account's own bucket.
        """
        from botocore.exceptions import ClientError

        where: Any = {"Tags": self._stack.tags()}
        if self._stack.region != _ELSEWHERE:
            where["LocationConstraint"] = self._stack.region
        try:
            self.patiently(
                partial(
                    self._s3.create_bucket,
                    Bucket=self.name,
                    CreateBucketConfiguration=where,
                )
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Puts tags, privacy and the end of objects right."""
        requests: dict[str, partial[Any]] = {
            "tags": partial(
                self._s3.put_bucket_tagging,
                **self._ours,
                Tagging={"TagSet": self._stack.tags()},
            ),
            "public access": partial(
                self._s3.put_public_access_block,
                **self._ours,
                PublicAccessBlockConfiguration=_BLOCKED,
            ),
            "days kept": partial(
                self._s3.put_bucket_lifecycle_configuration,
                **self._ours,
                LifecycleConfiguration={
                    "Rules": [
                        {
                            "ID": "end",
                            "Status": "Enabled",
                            "Filter": {"Prefix": ""},
                            "Expiration": {"Days": DAYS},
                            "AbortIncompleteMultipartUpload": {
                                "DaysAfterInitiation": DAYS
                            },
                        }
                    ]
                },
            ),
        }
        for each in differences:
            self.patiently(requests[each.attribute])

    def delete(self, live: Live, found: Found) -> None:
        """Empties and deletes the bucket: it holds copies only."""
        while keys := self._objects(at_most=AT_ONCE):
            self.patiently(partial(self._delete_objects, keys))
        self.patiently(partial(self._s3.delete_bucket, **self._ours))

    def _delete_objects(self, keys: list[str]) -> None:
        """Raises as well where S3 says of single objects that they stay."""
        from botocore.exceptions import ClientError

        answer = self._s3.delete_objects(
            **self._ours,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
        )
        for each in answer.get("Errors", ()):
            code, text = each.get("Code", ""), each.get("Message", "")
            said: Any = {"Error": {"Code": code, "Message": text}}
            raise ClientError(said, "DeleteObjects")

    def _objects(self, at_most: int) -> list[str]:
        answer = self.read(
            partial(self._s3.list_objects_v2, **self._ours, MaxKeys=at_most)
        )
        return [each["Key"] for each in answer.get("Contents", ())]


def _is_ours_to_allow(error: ClientError) -> bool:
    """Whether a policy of the caller's refuses, and not the owner of the bucket."""
    text = error.response["Error"].get("Message", "")
    return "not authorized to perform" in text and "resource-based policy" not in text


def _narrowed(rule: Any) -> bool:  # noqa: ANN401 - boto3's, by its many shapes
    """Whether a rule is for a part of the objects only."""
    return bool(rule.get("Prefix") or any((rule.get("Filter") or {}).values()))
