"""`invoke load` from an S3 prefix into DuckDB, against moto's server."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest
from checkout import SMALL, Checkout, fails, succeeds
from moto.server import ThreadedMotoServer

from infra.landing.simulator import Plan, generate

BUCKET = "sparkify-raw"


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of an S3 of our own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()
    yield url
    server.stop()


class Store:
    """A bucket with raw files below `drop/`, and a checkout that loads from there."""

    def __init__(self, checkout: Checkout, endpoint: str, sample: Path) -> None:
        self.checkout = checkout
        self.env = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "an-id",
            "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-see",
            "AWS_DEFAULT_REGION": "us-west-2",
            "INVOKE_SPARKIFY_LANDING": f"s3://{BUCKET}/drop",
        }
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-west-2",
            aws_access_key_id="an-id",
            aws_secret_access_key="a-secret-that-nobody-may-see",
        )
        self.client.create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        )
        for path in sorted(sample.rglob("*_data/**/*.json")):
            self.put(path.relative_to(sample).as_posix(), path.read_bytes())

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"drop/{name}", Body=content)

    def load(self, *options: str) -> str:
        return succeeds(self.checkout.invoke("load", *options, env=self.env))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    generate(tmp_path / "sample", Plan(users=3, songs=12, days=3))
    return tmp_path / "sample"


@pytest.fixture
def store(checkout: Checkout, endpoint: str, sample: Path) -> Iterator[Store]:
    made = Store(checkout, endpoint, sample)
    succeeds(checkout.invoke("up", env=made.env))
    yield made
    made.client.close()


def contents(checkout: Checkout) -> list[object]:
    return [
        checkout.query(
            "select * exclude (_source_uri, _load_id), "
            f"regexp_extract(_source_uri, '[^/]*$') from {table} order by all"
        )
        for table in ("staging.staging_events", "staging.staging_songs")
    ]


def test_a_prefix_gives_the_same_rows_as_the_folder(
    store: Store, sample: Path, tmp_path: Path
) -> None:
    assert "12 songs from 12 files" in store.load()
    uris = store.checkout.query(
        "select distinct _source_uri from staging.staging_events order by all"
    )
    assert uris[0] == (f"s3://{BUCKET}/drop/log_data/2018/11/2018-11-01-events.json",)
    local = Checkout.make(tmp_path / "local")
    env = {"INVOKE_SPARKIFY_LANDING": str(sample)}
    succeeds(local.invoke("up", "load", env=env))
    assert contents(store.checkout) == contents(local)


def test_objects_are_loaded_once_and_again_when_they_change(store: Store) -> None:
    store.load()
    before = contents(store.checkout)
    cached = sorted((store.checkout.root / ".sparkify" / "s3").rglob("*"))
    assert "nothing new in 14 files" in store.load()
    assert contents(store.checkout) == before
    assert sorted((store.checkout.root / ".sparkify" / "s3").rglob("*")) == cached
    store.put("song_data/new.json", b'{"song_id": "SONEW", "title": "New"}')
    log = b'{"sessionId": 1, "itemInSession": 0, "ts": 1541106107796, "page": "Home"}'
    store.put("log_data/2018/11/2018-11-01-events.json", log)
    assert "1 events from 1 file, 1 songs from 1 file" in store.load()
    store.client.delete_object(Bucket=BUCKET, Key="drop/song_data/new.json")
    assert "1 file gone from the landing" in store.load()
    assert "dropped that are gone" in store.load("--prune")


def test_a_dry_run_fetches_nothing(store: Store) -> None:
    told = store.load("--dry-run")
    assert "would load 14 files; nothing was written" in told
    assert not (store.checkout.root / ".sparkify" / "s3").exists()
    assert store.checkout.value("select count(*) from load.load_runs") == 0


def test_bad_objects_are_named_by_their_address(store: Store) -> None:
    store.put("log_data/bad.json", b'{"ts": 1}\n' * 11)
    told = fails(store.checkout.invoke("load", env=store.env), 1)
    assert "rows are rejected" in told
    assert store.checkout.query(
        "select distinct uri, reason from load.load_rejects"
    ) == [(f"s3://{BUCKET}/drop/log_data/bad.json", "missing_key")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"INVOKE_SPARKIFY_LANDING": f"s3://{BUCKET}/elsewhere"}, "elsewhere"),
        ({"INVOKE_SPARKIFY_LANDING": "s3://no-such-bucket/drop"}, "no-such-bucket"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "127.0.0.1:9"),
    ],
    ids=["nothing there", "no bucket", "nobody answers"],
)
def test_a_landing_that_gives_nothing_is_a_sentence(
    changes: dict[str, str], told: str, store: Store
) -> None:
    completed = store.checkout.invoke("load", env=store.env | changes)
    assert told in fails(completed, 1)
    assert "a-secret" not in completed.stdout + completed.stderr
    assert store.checkout.value("select count(*) from staging.staging_songs") == 0


@pytest.mark.slow
def test_the_other_tasks_know_that_the_landing_is_on_s3(store: Store) -> None:
    store.load()
    env = store.env
    assert f"s3://{BUCKET}/drop" in succeeds(store.checkout.invoke("status", env=env))
    assert "2 files in log_data" in succeeds(store.checkout.invoke("check", env=env))
    told = fails(store.checkout.invoke("generate", env=env | SMALL), 2)
    assert "this needs a folder here" in told
    down = succeeds(store.checkout.invoke("down", "--yes", env=env))
    assert "sparkify.duckdb" in down
    assert len(store.client.list_objects_v2(Bucket=BUCKET)["Contents"]) == 14
