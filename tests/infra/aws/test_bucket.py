"""The stack's own bucket: private, emptied by itself, and never another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from accounts import Account
from cloud import REGION
from moto.s3.models import s3_backends

from infra.aws import leftovers
from infra.aws.bucket import AT_ONCE, DAYS, StageBucket
from infra.aws.names import Stack
from infra.aws.resource import Found
from infra.errors import AwsDenied, AwsError, ForeignError
from infra.rehearsal.aws.world import ACCOUNT, PUBLISHED

NAME = f"sparkify-dev-{ACCOUNT}-{REGION}"
SOMEBODY = "210987654321"
ELSEWHERE = "us-east-1"
MENDING = [
    *("s3.PutBucketTagging", "s3.PutPublicAccessBlock"),
    "s3.PutBucketLifecycleConfiguration",
]
WHERE = {"LocationConstraint": REGION}
Maker = Callable[[Account], None]
RAW = {"log_data/2018/11/2018-11-01-events.json", "song_data/A/A/A/TRAAA.json"}


def fill(here: Account, count: int) -> None:
    for number in range(count):
        here.others.s3.put_object(Bucket=NAME, Key=f"run/{number:05}.gz", Body=b"")


def keys(here: Account, name: str = NAME) -> set[str]:
    found = here.others.s3.list_objects_v2(Bucket=name).get("Contents", ())
    return {each["Key"] for each in found}


def names(here: Account) -> set[str]:
    return {each["Name"] for each in here.others.s3.list_buckets()["Buckets"]}


def stage(here: Account, region: str = REGION) -> StageBucket:
    stack = Stack("dev", ACCOUNT, region)
    made = StageBucket(here.cloud.clients.own_s3, stack)
    made.clock = here.cloud.clock
    return made


def to_s3(here: Account) -> list[str]:
    return [each for each in here.writes if each.startswith("s3.")]


def somebodys(here: Account) -> None:
    """The name is taken in another account."""
    del here
    s3_backends[SOMEBODY]["aws"].create_bucket(NAME, REGION)


def taken_from_prod(here: Account) -> None:
    tags = [{"Key": "managed-by", "Value": "sparkify-warehouse"}]
    tags.append({"Key": "stack", "Value": "prod"})
    here.others.s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=WHERE)
    here.others.s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": tags})


def untagged_with_objects(here: Account) -> None:
    here.others.s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=WHERE)
    fill(here, 1)


def test_it_is_made_in_its_region_private_and_with_an_end(empty: Account) -> None:
    empty.up()
    assert to_s3(empty) == ["s3.CreateBucket", *MENDING]
    (line,) = empty.seen()["bucket"]
    assert '"ID": "end", "Status": "Enabled"' in line
    assert f'"Expiration": {{"Days": {DAYS}}}' in line
    assert '"stack": "dev"' in line
    assert line.count("true") == 4
    assert empty.planned() == {}


def test_whoever_makes_it_says_its_tags_and_where(empty: Account) -> None:
    empty.up()
    (call,) = [each for each in empty.aws.writes if str(each) == "s3.CreateBucket"]
    given = call.params["CreateBucketConfiguration"]
    assert given["LocationConstraint"] == REGION
    tags = {each["Key"]: each["Value"] for each in given["Tags"]}
    assert empty.cloud.site().stack.owns(tags)


def test_with_the_tags_at_once_they_are_no_difference(empty: Account) -> None:
    """S3 takes them with CreateBucket, moto does not."""

    def tag(_: object) -> None:
        tags: Any = {"TagSet": empty.cloud.site().stack.tags()}
        empty.others.s3.put_bucket_tagging(Bucket=NAME, Tagging=tags)

    empty.aws.on("s3", "CreateBucket", tag, after=True)
    empty.up()
    assert to_s3(empty) == ["s3.CreateBucket", *MENDING[1:]]
    assert empty.seen() == empty.inventory


def test_the_first_region_of_s3_is_not_told(empty: Account) -> None:
    asked: list[Any] = []
    empty.aws.on("s3", "CreateBucket", asked.append)
    empty.aws.fail("s3", "CreateBucket", code="AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        stage(empty, ELSEWHERE).create(Found())
    assert asked[0].params["Bucket"].endswith(f"-{ELSEWHERE}")
    assert list(asked[0].params["CreateBucketConfiguration"]) == ["Tags"]


def test_s3_is_always_told_whose_the_bucket_is(made: Account) -> None:
    made.others.s3.delete_bucket_tagging(Bucket=NAME)
    made.others.s3.delete_public_access_block(Bucket=NAME)
    made.others.s3.delete_bucket_lifecycle(Bucket=NAME)
    made.up()
    fill(made, 1)
    assert made.down() == []
    calls = [each for each in made.aws.calls if each.params.get("Bucket") == NAME]
    assert len({each.operation for each in calls}) > 8
    for each in calls:
        assert each.params["ExpectedBucketOwner"] == ACCOUNT, each


@pytest.mark.parametrize(
    ("changes", "is_mended"),
    [
        ({}, False),
        ({"Status": "Disabled"}, True),
        ({"Filter": {"Prefix": "run/"}}, True),
        ({"Expiration": {"Days": 30}}, True),
        ({"ID": "another"}, False),
    ],
    ids=["as it is", "switched off", "for a part", "later", "by another name"],
)
def test_an_end_that_is_none_is_mended(
    made: Account, changes: dict[str, Any], is_mended: bool
) -> None:
    rule = {
        "ID": "end",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": DAYS},
    }
    made.others.s3.put_bucket_lifecycle_configuration(
        Bucket=NAME, LifecycleConfiguration={"Rules": [rule | changes]}
    )
    assert list(made.planned().get("stage", ())) == ["days kept"] * is_mended
    made.up()
    assert to_s3(made) == MENDING[2:] * is_mended
    assert made.planned() == {}


def test_one_door_that_is_open_is_shut(made: Account) -> None:
    doors = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": True,
    }
    made.others.s3.put_public_access_block(
        Bucket=NAME, PublicAccessBlockConfiguration=doors
    )
    assert made.planned() == {"stage": {"public access": ("possible", "blocked")}}
    made.up()
    assert made.seen() == made.inventory


def test_a_lost_answer_makes_it_once(empty: Account) -> None:
    empty.aws.lose_reply("s3", "CreateBucket")
    empty.up()
    assert to_s3(empty) == ["s3.CreateBucket", *MENDING]
    assert empty.seen() == empty.inventory


def test_a_repeated_request_finds_the_bucket_of_the_first(empty: Account) -> None:
    """botocore repeats none here; where somebody on the way does, S3 refuses it."""

    def first(_: object) -> None:
        empty.others.s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=WHERE)

    empty.aws.on("s3", "CreateBucket", first)
    empty.aws.fail("s3", "CreateBucket", code="BucketAlreadyOwnedByYou", status=409)
    empty.up()
    assert to_s3(empty) == ["s3.CreateBucket", *MENDING]
    assert empty.seen() == empty.inventory


@pytest.mark.parametrize("operation", ["PutBucketTagging", "GetBucketTagging"])
def test_a_bucket_that_s3_does_not_know_everywhere_yet(
    empty: Account, operation: str
) -> None:
    empty.aws.fail("s3", operation, code="NoSuchBucket", status=404, times=2)
    empty.up()
    assert empty.seen() == empty.inventory


def test_what_was_begun_is_taken_up_and_taken_down(empty: Account) -> None:
    empty.others.s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=WHERE)
    begun = empty.save()
    empty.up()
    assert to_s3(empty) == MENDING
    assert empty.seen() == empty.inventory
    empty.put(begun)
    assert empty.down() == []
    assert empty.aws.inventory() == {}


@pytest.mark.parametrize("make", [somebodys, taken_from_prod, untagged_with_objects])
def test_a_name_that_is_taken_stops_everything(empty: Account, make: Maker) -> None:
    make(empty)
    before = empty.aws.inventory()
    empty.aws.calls.clear()
    try:
        for run in (empty.cloud.up, empty.up, empty.down):
            with pytest.raises(ForeignError, match=f"bucket {NAME} that this project"):
                run()
        assert empty.writes == []
        assert empty.aws.inventory() == before
        (shown,) = leftovers.found(empty.cloud.site())
        assert shown.note.startswith("not ours: ")
    finally:
        s3_backends[SOMEBODY]["aws"].buckets.pop(NAME, None)


def test_what_becomes_anothers_on_the_way_is_not_deleted(made: Account) -> None:
    """It is looked at again right before it goes: the last of all."""
    tags = {"TagSet": [{"Key": "stack", "Value": "prod"}]}

    def take(_: object) -> None:
        made.others.s3.put_bucket_tagging(Bucket=NAME, Tagging=tags)

    fill(made, 2)
    made.aws.on("ec2", "DeleteVpc", take, after=True)
    with pytest.raises(ForeignError, match=NAME):
        made.down()
    assert to_s3(made) == []
    assert len(keys(made)) == 2


def test_a_lack_of_permission_names_the_action(made: Account) -> None:
    """Not every refusal is another's bucket: this text is from one's own policies."""
    for explicit in (False, True):
        made.aws.calm()
        made.aws.deny("s3", "ListObjectsV2", explicit=explicit)
        for run in (made.cloud.up, made.down):
            with pytest.raises(AwsDenied, match="s3:ListBucket is denied to arn:"):
                run()
    assert made.writes == []


def test_a_refusal_without_a_reason_names_the_action_too(made: Account) -> None:
    made.aws.fail("s3", "ListObjectsV2", code="AccessDenied", status=403)
    with pytest.raises(ForeignError, match=r"may not list \(s3:ListBucket\)"):
        made.cloud.up()


def test_the_owner_of_another_bucket_who_refuses_is_no_lack_of_ours(
    made: Account,
) -> None:
    text = (
        "User: arn:aws:iam::123456789012:user/me is not authorized to perform: "
        "s3:ListBucket because no resource-based policy allows the s3:ListBucket action"
    )
    made.aws.fail("s3", "ListObjectsV2", code="AccessDenied", message=text, status=403)
    with pytest.raises(ForeignError, match=NAME):
        made.cloud.up()


@pytest.mark.parametrize("count", [0, 1, AT_ONCE + 1])
def test_it_goes_with_all_that_is_in_it(made: Account, count: int) -> None:
    fill(made, count)
    live = stage(made).find(Found())
    assert live is not None
    stage(made).delete(live, Found())
    deletes = ["s3.DeleteObjects"] * -(-count // AT_ONCE)
    assert to_s3(made) == [*deletes, "s3.DeleteBucket"]
    assert stage(made).find(Found()) is None


def test_down_leaves_the_published_files(made: Account) -> None:
    fill(made, 3)
    assert made.down() == []
    assert names(made) == {PUBLISHED}
    assert keys(made, PUBLISHED) == RAW
    assert to_s3(made) == ["s3.DeleteObjects", "s3.DeleteBucket"]


def refusing(made: Account, code: str, times: int) -> None:
    """S3 says of single objects that they stay, and answers 200."""
    left = [times]

    def refuse(parsed: dict[str, Any], **_: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            said = {"Key": "run/00000.gz", "Code": code, "Message": "Not this one"}
            parsed["Errors"] = [said]

    events = made.cloud.clients.own_s3.meta.events
    events.register("after-call.s3.DeleteObjects", refuse, unique_id="refuse")


@pytest.fixture
def obliging(made: Account) -> Iterator[Account]:
    yield made
    events = made.cloud.clients.own_s3.meta.events
    events.unregister("after-call.s3.DeleteObjects", unique_id="refuse")


def test_an_object_that_stays_is_told_and_not_asked_for_for_ever(
    obliging: Account,
) -> None:
    fill(obliging, 1)
    refusing(obliging, "AccessDenied", 1000)
    with pytest.raises(AwsDenied):
        obliging.down()
    assert to_s3(obliging) == ["s3.DeleteObjects"]
    assert NAME in names(obliging)


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_an_object_that_s3_is_too_busy_for_is_asked_for_again(
    obliging: Account, code: str
) -> None:
    fill(obliging, 1)
    refusing(obliging, code, 1)
    assert obliging.down() == []
    assert names(obliging) == {PUBLISHED}


def test_what_does_not_get_empty_says_so(made: Account) -> None:
    made.aws.fail(
        "s3", "DeleteBucket", code="BucketNotEmpty", message="It is not empty."
    )
    with pytest.raises(AwsError, match=r"DeleteBucket.*BucketNotEmpty.*not empty"):
        made.down()


def test_the_account_is_put_back_with_its_buckets(made: Account) -> None:
    fill(made, 2)
    saved = made.save()
    made.down()
    assert names(made) == {PUBLISHED}
    made.put(saved)
    assert keys(made) == {"run/00000.gz", "run/00001.gz"}
    body = made.others.s3.get_object(Bucket=NAME, Key="run/00000.gz")["Body"]
    assert body.read() == b""
    made.put(made.made)
    assert names(made) == {PUBLISHED, NAME}
    assert keys(made) == set()
    made.put(made.empty)
    assert names(made) == {PUBLISHED}
    assert keys(made, PUBLISHED) == RAW
