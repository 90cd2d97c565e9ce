import errno
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import given
from hypothesis import strategies as st
from moto.backends import get_backend
from moto.server import ThreadedMotoServer
from urllib3 import HTTPResponse

from infra.console import Bar
from infra.errors import ConfigurationError, LandingError, SparkifyError
from infra.landing import s3, s3_cache
from infra.landing.files import LandedFile, RefusedFile
from infra.landing.s3 import Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY_ID = "AKIAEXAMPLEEXAMPLE00"
SECRET = "a/secret+that/no/message/may/hold/000000"
TOKEN = "a-session-token-that-no-message-may-hold"

ACCOUNT = "123456789012"  # moto's

Hook = Callable[..., AWSResponse | None]
Connect = Callable[[], "S3Client"]
Listed = tuple[Bucket, list[LandedFile]]


class Shown(Bar):
    """A bar that remembers what it showed, and may do something at some point."""

    def __init__(self, at: int = -1, act: Callable[[], None] = lambda: None) -> None:
        super().__init__("Fetching", None)
        self.updates: list[tuple[int, int | None]] = []
        self._at, self._act = at, act

    def update(self, done: int, total: int | None, label: str | None = None) -> None:
        super().update(done, total, label)
        self.updates.append((done, total))
        if done == self._at:
            self._act()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def environment(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto as AWS, an invented login, and nothing of the machine's own."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """`s3.connect`, whose clients are closed when the test is over."""
    clients: list[S3Client] = []

    def connected() -> "S3Client":
        clients.append(s3.connect())
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> "S3Client":
    return connect()


@pytest.fixture
def bucket(client: "S3Client") -> Bucket:
    name = f"sparkify-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    return Bucket(name, "zone")


@pytest.fixture
def listed(client: "S3Client", bucket: Bucket) -> Listed:
    """A bucket with three objects, and its listing."""
    put_many(bucket, 3)
    return bucket, s3.listed(client, bucket, "log_data").files


def put(client: "S3Client", bucket: Bucket, *keys: str, content: bytes = b"{}") -> None:
    for key in keys:
        client.put_object(Bucket=bucket.name, Key=key, Body=content)


def put_many(bucket: Bucket, count: int) -> None:
    """Objects 0.json, 1.json … of different sizes, put by moto's back door: quickly."""
    store = get_backend("s3")[ACCOUNT]["aws"]
    for number in range(count):
        key = f"zone/log_data/{number}.json"
        store.put_object(bucket.name, key, b"{}" * number)


def keys(client: "S3Client", bucket: Bucket, folder: str = "log_data") -> list[str]:
    files = s3.listed(client, bucket, folder).files
    return [bucket.key(file.uri) for file in files]


def fetch(
    client: "S3Client", bucket: Bucket, cache: Path, bar: Bar | None = None
) -> list[LandedFile]:
    """Lists and fetches what lies in log_data."""
    files = s3.listed(client, bucket, "log_data").files
    return s3_cache.fetch(client, bucket, files, cache, bar or Shown())


def contents(files: Sequence[LandedFile]) -> list[bytes]:
    return [file.path.read_bytes() for file in files if file.path]


def counted(client: "S3Client", operation: str = "GetObject") -> list[str]:
    """A list that grows by the address of each request that is sent."""
    sent: list[str] = []

    def count(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(request.url)

    client.meta.events.register(f"before-send.s3.{operation}", count)
    return sent


def inject(client: "S3Client", operation: str, hook: Hook) -> None:
    """Lets a hook answer requests in S3's place; None sends them on."""
    told = cast("Callable[..., None]", hook)  # the stubs let no hook answer
    client.meta.events.register(f"before-send.s3.{operation}", told)


def answer(
    status: int, body: bytes, headers: dict[str, str] | None = None
) -> AWSResponse:
    headers = {"content-length": str(len(body)), **(headers or {})}
    return from_stream(BytesIO(body), status, headers)


def from_stream(body: BytesIO, status: int, headers: dict[str, str]) -> AWSResponse:
    raw = HTTPResponse(body, headers, status, preload_content=False)
    return AWSResponse("http://s3", status, HTTPHeaders.from_dict(headers), raw)


def refusal(status: int, code: str, more: str = "", **headers: str) -> AWSResponse:
    body = f"<Error><Code>{code}</Code><Message>{code} {SECRET}</Message>{more}</Error>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(status, body.encode(), named)


def is_told(error: SparkifyError, *words: str) -> str:
    """The message, which has the words, is one line and holds no secret."""
    message = str(error)
    for word in words:
        assert word in message
    assert "\n" not in message
    for secret in (SECRET, TOKEN, KEY_ID, "Signature="):
        assert secret not in message
    return message


# Where raw files lie


@pytest.mark.parametrize(
    ("text", "name", "prefix"),
    [
        ("s3://udacity-dend", "udacity-dend", ""),
        ("s3://udacity-dend/", "udacity-dend", ""),
        ("s3://udacity-dend/zone", "udacity-dend", "zone"),
        ("s3://udacity-dend//zone/raw//", "udacity-dend", "zone/raw"),
        ("s3://my.bucket.1/a b/ü?#%2F", "my.bucket.1", "a b/ü?#%2F"),
        ("s3://abc", "abc", ""),
        (f"s3://{'a' * 63}", "a" * 63, ""),
    ],
)
def test_an_address_is_a_bucket_and_a_prefix(text: str, name: str, prefix: str) -> None:
    bucket = Bucket.parse(text)
    assert bucket == Bucket(name, prefix)
    assert Bucket.parse(bucket.url) == bucket
    assert str(bucket) == bucket.url == f"s3://{name}/{prefix}".rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        *("", "s3:", "s3://", "s3:///zone", "s3:/bucket/zone", "bucket/zone"),
        *("https://bucket.s3.amazonaws.com/zone", "S3://bucket", "s3a://bucket"),
        *("s3://ab", f"s3://{'a' * 64}", "s3://-bucket", "s3://bucket-", "s3://a_b"),
        *(
            "s3://Bucket",
            "s3://buck et/zone",
            "s3://bucket\n",
            "s3://büro",
            " s3://abc",
        ),
        *("s3://user:pass@bucket", "s3://arn:aws:s3:::bucket"),
    ],
)
def test_another_address_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r"^s3://BUCKET or s3://BUCKET/PREFIX;"):
        Bucket.parse(text)


def test_boto3_is_imported_by_nothing_but_a_connection() -> None:
    code = (
        "import sys; from infra.landing import s3, s3_cache, s3_faults;"
        "s3.Bucket.parse('s3://bucket/zone');"
        "print(sorted({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError) as error:
        s3.connect()
    assert str(error.value) == (
        'Reading from S3 needs boto3: pip install -e ".[redshift]" -c constraints.txt.'
    )


# Which objects there are


def test_objects_are_listed_with_what_identifies_them(
    client: "S3Client", bucket: Bucket
) -> None:
    began = time.time()
    put(client, bucket, "zone/log_data/2018/11/a.json", content=b'{"n":1}')
    md5 = hashlib.md5(b'{"n":1}').hexdigest()
    ((file,), refused) = s3.listed(client, bucket, "log_data")
    assert refused == []
    assert file._replace(modified_at=0) == LandedFile(
        uri=f"s3://{bucket.name}/zone/log_data/2018/11/a.json",
        size=7,
        modified_at=0,
        stamp=f"{md5}-7",
        etag=f"{md5}-7",
        path=None,
    )
    assert began - 2 <= file.modified_at <= time.time() + 2


def test_another_content_is_another_etag(client: "S3Client", bucket: Bucket) -> None:
    stamps = set()
    for content in (b"{}", b"[]", b"{ }"):
        put(client, bucket, "zone/log_data/a.json", content=content)
        (file,) = s3.listed(client, bucket, "log_data").files
        stamps.add(file.stamp)
    assert len(stamps) == 3


def test_more_objects_than_a_page_holds_are_all_listed(
    client: "S3Client", bucket: Bucket
) -> None:
    names = [f"zone/log_data/{number}.json" for number in range(2345)]
    put_many(bucket, 2345)
    pages = counted(client, "ListObjectsV2")
    assert keys(client, bucket) == sorted(names)
    assert len(pages) == 3


ODD = [
    *("a b", "a+b", "a%2Bb", "a%20b", "100%", "a&b=c?d#e", "a;b:c@d", "a\\b", "~", "é"),
    *("音楽", "🎵", "e\u0301", '"quoted"', "it's", "<a>&amp;", "[x]*?", "{}", "a.b"),
    *("a\tb", "a\rb", "\x01", "a..b", "a//b", " a", "a ", "s3:", "a\u2028b", "=", "|"),
]


def test_names_come_back_as_they_are(client: "S3Client", bucket: Bucket) -> None:
    names = [f"zone/log_data/{name}.json" for name in ODD]
    put(client, bucket, *names)
    assert keys(client, bucket) == sorted(names)


def test_objects_with_odd_names_are_fetched(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    names = [f"zone/log_data/{name}.json" for name in ODD]
    for name in names:
        put(client, bucket, name, content=name.encode())
    files = fetch(client, bucket, tmp_path)
    assert contents(files) == [name.encode() for name in sorted(names)]


def test_the_order_is_that_of_the_addresses(client: "S3Client", bucket: Bucket) -> None:
    names = [f"zone/log_data/{name}.json" for name in ("b", "a/2", "a", "B", "a/10")]
    put(client, bucket, *names)
    assert keys(client, bucket) == sorted(names)


def test_neighbours_of_a_prefix_are_not_listed(
    client: "S3Client", bucket: Bucket
) -> None:
    kept = "zone/log_data/a.json"
    put(client, bucket, kept, "zone/log_data_old/a.json", "zone/log_data.json")
    put(client, bucket, "zone2/log_data/a.json", "log_data/a.json", "a/zone/log_data/b")
    put(client, bucket, "zone/song_data/a.json")
    assert keys(client, bucket) == [kept]
    assert keys(client, Bucket(bucket.name, "")) == ["log_data/a.json"]


def test_hidden_names_and_folders_are_left_alone(
    client: "S3Client", bucket: Bucket
) -> None:
    kept = ["zone/log_data/b/kept.json", "zone/log_data/day.json/kept_.json"]
    put(client, bucket, *kept)
    for name in (
        "",
        "b/",
        "x.json/",
        ".a.json",
        "_a.json",
        "b/.c/a.json",
        "_old/a.json",
    ):
        put(client, bucket, f"zone/log_data/{name}")
    put(client, bucket, "zone/log_data/b/../a.json", "zone/log_data/.json")
    assert keys(client, bucket) == kept
    hidden = Bucket(bucket.name, "_zone/.raw")
    put(client, hidden, "_zone/.raw/log_data/a.json")
    assert keys(client, hidden) == ["_zone/.raw/log_data/a.json"]


def test_the_suffix_counts_in_any_case(client: "S3Client", bucket: Bucket) -> None:
    kept = [f"zone/log_data/{name}" for name in ("a.JSON", "b.json.gz", "c.Json.GZ")]
    put(client, bucket, *kept)
    for name in ("d.json.bak", "e.ndjson", "f.gz", "json", "g.json.gz.json_"):
        put(client, bucket, f"zone/log_data/{name}")
    assert keys(client, bucket) == kept


def test_an_empty_prefix_is_an_empty_listing(
    client: "S3Client", bucket: Bucket
) -> None:
    assert s3.listed(client, bucket, "log_data") == ([], [])
    sentence = s3.nothing_below(bucket, "log_data")
    assert f"s3://{bucket.name}/zone/log_data/" in sentence


def test_archived_objects_are_refused(client: "S3Client", bucket: Bucket) -> None:
    for kind in ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA", "STANDARD"):
        key = f"zone/log_data/{kind}.json"
        client.put_object(
            Bucket=bucket.name,
            Key=key,
            StorageClass=kind,
        )
    files, refused = s3.listed(client, bucket, "log_data")
    assert [bucket.key(file.uri) for file in files] == [
        f"zone/log_data/{kind}.json"
        for kind in ("GLACIER_IR", "STANDARD", "STANDARD_IA")
    ]
    uris = [bucket.uri(f"zone/log_data/{k}.json") for k in ("DEEP_ARCHIVE", "GLACIER")]
    assert refused == [
        RefusedFile(
            uri,
            "archived",
            f"{uri} is archived in Glacier; restore it in S3 and run the load again.",
        )
        for uri in uris
    ]


def page(key: str, more: str) -> AWSResponse:
    """A listing of one object, whose key is encoded as S3 does it."""
    body = f"""<ListBucketResult><EncodingType>url</EncodingType><Contents>
        <Key>{key}</Key><Size>7</Size><ETag>"x"</ETag>
        <LastModified>2018-11-01T00:00:00.000Z</LastModified>{more}
        </Contents></ListBucketResult>"""
    return answer(200, body.encode())


def test_a_restored_copy_is_read(client: "S3Client", bucket: Bucket) -> None:
    restored = """<StorageClass>GLACIER</StorageClass><RestoreStatus>
        <IsRestoreInProgress>false</IsRestoreInProgress>
        <RestoreExpiryDate>2030-01-01T00:00:00.000Z</RestoreExpiryDate>
        </RestoreStatus>"""
    key = "zone/log_data/a.json"
    inject(client, "ListObjectsV2", lambda **_: page(key, restored))
    files, refused = s3.listed(client, bucket, "log_data")
    assert ([file.etag for file in files], refused) == (["x-7"], [])
    assert files[0].modified_at == 1541030400.0


def test_a_newline_in_a_name_is_kept(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    # moto cannot store such an object
    inject(client, "ListObjectsV2", lambda **_: page("zone/log_data/a%0A+b.json", ""))
    sent = counted(client)
    inject(client, "GetObject", lambda **_: answer(200, b'{"n":1}'))
    (file,) = fetch(client, bucket, tmp_path)
    assert file.uri == f"s3://{bucket.name}/zone/log_data/a\n b.json"
    assert sent[0].endswith("/zone/log_data/a%0A%20b.json")


# What is fetched


def test_objects_are_fetched_in_the_order_asked(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 40)
    files = s3.listed(client, bucket, "log_data").files[::-1]
    bar = Shown()
    fetched = s3_cache.fetch(client, bucket, files, tmp_path / "new" / "cache", bar)
    assert [file._replace(path=None) for file in fetched] == files
    assert [len(content) for content in contents(fetched)] == [f.size for f in files]
    assert bar.updates == [(done, 40) for done in range(41)]


def test_nothing_to_fetch_is_no_fault(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    assert s3_cache.fetch(client, bucket, [], tmp_path / "cache", Shown()) == []


def test_an_object_of_several_chunks_arrives_whole(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    content = os.urandom(3 * s3_cache.CHUNK_BYTES + 7)
    put(client, bucket, "zone/log_data/a.json", content=content)
    put(client, bucket, "zone/log_data/empty.json", content=b"")
    assert contents(fetch(client, bucket, tmp_path)) == [content, b""]


def test_an_object_of_several_parts_arrives_whole(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    parts = TransferConfig(multipart_threshold=1, multipart_chunksize=5 * 1024 * 1024)
    content = b"x" * parts.multipart_chunksize + b"y"
    key = "zone/log_data/a.json"
    client.upload_fileobj(BytesIO(content), bucket.name, key, Config=parts)
    (file,) = fetch(client, bucket, tmp_path)
    assert file.etag is not None
    assert re.fullmatch(rf"[0-9a-f]{{32}}-2-{len(content)}", file.etag)
    assert contents([file]) == [content]


def test_gzip_is_not_unpacked_on_the_way(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    content = b"\x1f\x8b not really gzip"
    client.put_object(
        Bucket=bucket.name,
        Key="zone/log_data/a.json.gz",
        Body=content,
        ContentEncoding="gzip",
    )
    assert contents(fetch(client, bucket, tmp_path)) == [content]


def test_what_is_cached_is_not_fetched_again(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 20)
    first = fetch(client, bucket, tmp_path)
    sent = counted(client)
    bar = Shown()
    assert fetch(client, bucket, tmp_path, bar) == first
    assert sent == []
    assert bar.updates == [(20, 20)]


def test_only_what_is_new_or_changed_is_fetched(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 20)
    fetch(client, bucket, tmp_path)
    put(client, bucket, "zone/log_data/7.json", content=b"[]" * 7)
    put(client, bucket, "zone/log_data/new.json")
    sent = counted(client)
    fetched = contents(fetch(client, bucket, tmp_path))
    assert sorted(url.rpartition("/")[2] for url in sent) == ["7.json", "new.json"]
    assert b"[]" * 7 in fetched


def test_equal_contents_under_other_names_are_other_files(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, "zone/log_data/a.json", "zone/log_data/b.json")
    one, other = fetch(client, bucket, tmp_path)
    assert one.path != other.path


@pytest.mark.parametrize("content", [b"", b"{}", b"{}" * 100])
def test_a_cached_file_of_another_size_is_fetched_again(
    content: bytes, client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, "zone/log_data/a.json", content=b'{"n":1}')
    (file,) = fetch(client, bucket, tmp_path)
    assert file.path is not None
    file.path.write_bytes(content)
    assert contents(fetch(client, bucket, tmp_path)) == [b'{"n":1}']


def test_names_in_the_cache_are_plain(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, *(f"zone/log_data/{name}.json" for name in ODD))
    for file in fetch(client, bucket, tmp_path):
        assert file.path is not None
        inside = file.path.relative_to(tmp_path).as_posix()
        assert re.fullmatch(r"[0-9a-f]/[0-9a-f]/[0-9a-f]{62}", inside)


# What is left of earlier runs


def test_an_interrupted_download_goes_on_where_it_stopped(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 300)

    def interrupt() -> None:
        raise KeyboardInterrupt

    sent = counted(client)
    with pytest.raises(KeyboardInterrupt):
        fetch(client, bucket, tmp_path, Shown(100, interrupt))
    assert 100 <= len(sent) < 200
    assert not list(tmp_path.rglob("*.partial"))
    bar = Shown()
    files = fetch(client, bucket, tmp_path, bar)
    assert 300 <= len(sent) <= 300 + s3.THREADS
    assert bar.updates[0][0] >= 100
    assert sorted(len(content) for content in contents(files)) == [
        2 * number for number in range(300)
    ]


def program(bucket: Bucket, cache: Path, body: str) -> list[str]:
    """A command that fetches log_data in a process of its own."""
    lines = f"""
    import os, signal, sys
    from pathlib import Path
    from infra.console import Bar
    from infra.landing import s3, s3_cache
    from infra.landing.files import LandedFile
    bucket, cache = s3.Bucket({bucket.name!r}, "zone"), Path({str(cache)!r})
    client = s3.connect()
    """
    return [sys.executable, "-c", textwrap.dedent(lines) + textwrap.dedent(body)]


def test_a_killed_download_goes_on_where_it_stopped(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 60)
    body = """
    class Killer(Bar):
        def update(self, done, total, label=None):
            if done == 20:
                os.kill(os.getpid(), signal.SIGKILL)
    files = s3.listed(client, bucket, "log_data").files
    s3_cache.fetch(client, bucket, files, cache, Killer("", None))
    """
    killed = subprocess.run(program(bucket, tmp_path, body), check=False)
    assert killed.returncode == -signal.SIGKILL
    bar = Shown()
    files = fetch(client, bucket, tmp_path, bar)
    assert 20 <= bar.updates[0][0] < 60
    assert sorted(map(len, contents(files))) == [2 * number for number in range(60)]
    s3_cache.prune(tmp_path, files)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 60


def test_an_interrupt_does_not_wait_for_a_server_that_hangs(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
    class Ready(Bar):
        def update(self, done, total, label=None):
            print("ready", flush=True)
    files = [LandedFile(bucket.uri(f"{n}.json"), 1, 0.0, "", "x-1") for n in range(50)]
    s3_cache.fetch(client, bucket, files, cache, Ready("", None))
    """
    with socket.create_server(("127.0.0.1", 0), backlog=100) as deaf:
        monkeypatch.setenv(
            "AWS_ENDPOINT_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}"
        )
        with subprocess.Popen(
            program(bucket, tmp_path, body),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.readline()
            time.sleep(0.5)
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            told = running.stderr.read()
            running.wait()
    assert time.monotonic() - began < s3_cache.GRACE_SECONDS + 3
    assert b"KeyboardInterrupt" in told
    assert b"Fatal" not in told


def test_pruning_removes_what_is_no_longer_listed(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 10)
    before = fetch(client, bucket, tmp_path)
    client.delete_object(Bucket=bucket.name, Key="zone/log_data/3.json")
    put(client, bucket, "zone/log_data/4.json", content=b"changed")
    after = fetch(client, bucket, tmp_path)
    assert before[0].path is not None
    left = before[0].path.with_name(f"{before[0].path.name}.{uuid.uuid4().hex}.partial")
    left.write_bytes(b"half")
    listed = [file._replace(path=None) for file in after]
    assert s3_cache.prune(tmp_path, listed) == 2
    assert not left.exists()
    assert len(contents(after)) == 9
    assert s3_cache.prune(tmp_path, after) == 0


def test_pruning_touches_nothing_that_is_not_a_cached_object(tmp_path: Path) -> None:
    foreign = [tmp_path / name for name in ("a.json", "a/b/notes.txt", "a/b/c/d" * 9)]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    assert s3_cache.prune(tmp_path, []) == 0
    assert s3_cache.prune(tmp_path / "absent", []) == 0
    assert [path.read_text() for path in foreign] == ["mine"] * 3


# What goes wrong on the way


def test_an_object_that_changes_meanwhile_is_told(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 3)
    files = s3.listed(client, bucket, "log_data").files
    put(client, bucket, "zone/log_data/1.json", content=b"[]")
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(client, bucket, files, tmp_path, Shown())
    is_told(error.value, files[1].uri, "was changed while it was read", "load again")


def test_an_object_that_vanishes_meanwhile_is_told(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 3)
    files = s3.listed(client, bucket, "log_data").files
    client.delete_object(Bucket=bucket.name, Key="zone/log_data/1.json")
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(client, bucket, files, tmp_path, Shown())
    is_told(error.value, files[1].uri, "was deleted after it was listed")


def test_one_failure_ends_all_and_keeps_what_came(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 300)
    files = s3.listed(client, bucket, "log_data").files
    client.delete_object(Bucket=bucket.name, Key=bucket.key(files[100].uri))
    sent = counted(client)
    with pytest.raises(LandingError, match="was deleted"):
        s3_cache.fetch(client, bucket, files, tmp_path, Shown())
    assert len(sent) < 100 + 4 * s3.THREADS
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) >= 80
    assert not list(tmp_path.rglob("*.partial"))


class Broken(BytesIO):
    """A body that breaks off after some bytes."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(min(3, size) if size and size > 0 else 3)
        if not found:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        return found


def broken(**_: object) -> AWSResponse:
    return from_stream(Broken(b"{}{"), 200, {"content-length": "7"})


BAD_BODIES: list[tuple[str, Hook]] = [
    ("MD5", lambda **_: answer(200, b'{"n":2}')),
    (
        "ResponseStreamingError",
        lambda **_: answer(200, b'{"n":', {"content-length": "7"}),
    ),
    ("5 bytes came instead of 7", lambda **_: answer(200, b'{"n":')),
    ("8 bytes came instead of 7", lambda **_: answer(200, b'{"n":12}')),
    ("ended in ", broken),
    (
        "ended in FlexibleChecksumError",
        lambda **_: answer(200, b'{"n":1}', {"x-amz-checksum-crc32": "AAAAAA=="}),
    ),
]


@pytest.mark.parametrize(("word", "hook"), BAD_BODIES, ids=[w for w, _ in BAD_BODIES])
def test_a_body_that_stays_damaged_is_told_and_not_kept(
    word: str, hook: Hook, client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, "zone/log_data/a.json", content=b'{"n":1}')
    inject(client, "GetObject", hook)
    sent = counted(client)
    with pytest.raises(LandingError) as error:
        fetch(client, bucket, tmp_path)
    is_told(error.value, "zone/log_data/a.json arrived damaged", word)
    assert len(sent) == s3_cache.ATTEMPTS
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("word", "hook"), BAD_BODIES, ids=[w for w, _ in BAD_BODIES])
def test_a_body_that_is_damaged_once_is_asked_for_again(
    word: str, hook: Hook, client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, "zone/log_data/a.json", content=b'{"n":1}')
    sent = counted(client)
    inject(client, "GetObject", lambda **_: hook() if len(sent) == 1 else None)
    assert contents(fetch(client, bucket, tmp_path)) == [b'{"n":1}'], word
    assert len(sent) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-server-side-encryption": "aws:kms:dsse"},
        {"x-amz-server-side-encryption-customer-algorithm": "AES256"},
    ],
)
def test_the_etag_of_an_encrypted_object_is_no_md5(
    headers: dict[str, str], client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put(client, bucket, "zone/log_data/a.json", content=b'{"n":1}')
    inject(client, "GetObject", lambda **_: answer(200, b'{"n":2}', headers))
    assert contents(fetch(client, bucket, tmp_path)) == [b'{"n":2}']


def test_a_full_disk_is_told(
    client: "S3Client", bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_many(bucket, 3)
    files = s3.listed(client, bucket, "log_data").files

    def full(path: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(client, bucket, files, tmp_path, Shown())
    is_told(error.value, "no space left", str(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_cache_that_cannot_be_a_folder_is_told(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 3)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(LandingError) as error:
        fetch(client, bucket, tmp_path / "cache")
    is_told(error.value, "cache", "cannot be written")


def test_a_bug_is_not_dressed_up(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 3)

    def bug(**_: object) -> AWSResponse:
        raise ZeroDivisionError

    inject(client, "GetObject", bug)
    with pytest.raises(ZeroDivisionError):
        fetch(client, bucket, tmp_path)


# Whom S3 lets in


def test_a_bucket_that_does_not_exist_is_told(
    client: "S3Client", endpoint: str
) -> None:
    with pytest.raises(LandingError) as error:
        s3.listed(client, Bucket("no-such-bucket", "zone"), "log_data")
    host = endpoint.removeprefix("http://")
    is_told(error.value, f"The bucket no-such-bucket does not exist at {host};")
    assert error.value.exit_code == 1


@pytest.fixture
def user() -> dict[str, str]:
    """A user who may ask who they are, and nothing else."""
    iam = boto3.client("iam", "us-east-1")
    name = f"user-{uuid.uuid4().hex[:8]}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.put_user_policy(
        UserName=name,
        PolicyName="who",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow",'
        '"Action":"sts:GetCallerIdentity","Resource":"*"}}',
    )
    made = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return {"arn": arn, "id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}


def login(monkeypatch: pytest.MonkeyPatch, user: dict[str, str]) -> None:
    """The user logs in, and moto asks from now on what is allowed."""
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user["id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user["secret"])
    monkeypatch.delenv("AWS_SESSION_TOKEN")


def test_a_denied_listing_names_who_action_and_bucket(
    bucket: Bucket,
    user: dict[str, str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login(monkeypatch, user)
    with pytest.raises(LandingError) as error:
        s3.listed(connect(), bucket, "log_data")
    message = is_told(error.value, "s3:ListBucket", bucket.name, user["arn"])
    assert user["id"] not in message
    assert user["secret"] not in message


def test_a_denied_object_names_who_action_and_object(
    listed: Listed,
    tmp_path: Path,
    user: dict[str, str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket, files = listed
    login(monkeypatch, user)
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(connect(), bucket, files, tmp_path, Shown())
    is_told(error.value, "s3:GetObject", bucket.name, user["arn"], "zone/log_data/")


def test_a_denial_does_without_who_if_sts_is_silent(
    client: "S3Client", bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    inject(client, "ListObjectsV2", lambda **_: refusal(403, "AccessDenied"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{closed_port()}")
    began = time.monotonic()
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, "s3:ListBucket is denied to the AWS credentials")
    assert time.monotonic() - began < 4


def test_the_credentials_of_another_store_are_not_shown_to_amazon(
    bucket: Bucket, endpoint: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    client = connect()
    inject(client, "ListObjectsV2", lambda **_: refusal(403, "AccessDenied"))

    def resolve(host: str, *_: object) -> None:
        raise AssertionError(host)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, "denied to the AWS credentials")


def test_the_key_of_an_encrypted_object_is_named(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 2)
    body = b"<Error><Code>AccessDenied</Code><Message>not authorized to perform: "
    body += b"kms:Decrypt on resource</Message></Error>"
    inject(client, "GetObject", lambda **_: answer(403, body))
    with pytest.raises(LandingError) as error:
        fetch(client, bucket, tmp_path)
    is_told(error.value, "kms:Decrypt is denied to arn:aws:", "zone/log_data/")


def log_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)


def test_a_public_bucket_needs_no_credentials(
    client: "S3Client",
    bucket: Bucket,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.put_bucket_acl(Bucket=bucket.name, ACL="public-read")
    for key in ("zone/log_data/a.json", "zone/log_data/b.json"):
        client.put_object(Bucket=bucket.name, Key=key, Body=b"{}", ACL="public-read")
    log_out(monkeypatch)
    anonymous = connect()
    signed: list[bool] = []
    anonymous.meta.events.register(
        "before-send.s3",
        lambda request, **_: signed.append("Authorization" in request.headers),
    )
    assert contents(fetch(anonymous, bucket, tmp_path)) == [b"{}", b"{}"]
    assert signed == [False] * 3


def test_a_private_bucket_tells_one_without_credentials_to_log_in(
    listed: Listed, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, files = listed
    log_out(monkeypatch)
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(connect(), bucket, files, tmp_path, Shown())
    is_told(error.value, "Without AWS credentials s3:GetObject is denied", "Log in")


def test_half_a_login_is_a_fault_of_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError) as error:
        s3.connect()
    is_told(error.value, "(env) lack AWS_SECRET_ACCESS_KEY;")
    assert error.value.exit_code == 2


def test_a_profile_that_there_is_not_is_a_fault_of_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\n[profile work]\n")
    monkeypatch.setenv("AWS_PROFILE", "wrok")
    with pytest.raises(ConfigurationError) as error:
        s3.connect()
    is_told(error.value, "'wrok'", "default, work", "AWS_PROFILE")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"[default\naws_secret_access_key = {SECRET}",
            ["Unable to parse config file"],
        ),
        (
            "[default]\ncredential_process = false",
            ["cannot be obtained", "log in again"],
        ),
        (
            "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
            "[sso-session s]\nsso_region = us-west-2\nsso_start_url = https://x/start\n",
            ["cannot be obtained", "aws sso login"],
        ),
        (
            "[default]\nregion = us west 2\naws_access_key_id=a\n"
            "aws_secret_access_key=b\n",
            ["us west 2", "~/.aws/config"],
        ),
    ],
)
def test_a_faulty_configuration_is_told(
    text: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_out(monkeypatch)
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigurationError) as error:
        s3.connect()
    is_told(error.value, *words)


@pytest.mark.parametrize("address", ["localhost:9000", "http://user:hunter2@", "x y"])
def test_an_endpoint_that_is_no_address_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(ConfigurationError) as error:
        s3.connect()
    assert "hunter2" not in is_told(error.value, "AWS_ENDPOINT_URL", "is no address")


def test_the_endpoint_of_s3_goes_before_the_general_one(
    listed: Listed, connect: Connect, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, files = listed
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    localhost = endpoint.replace("127.0.0.1", "localhost")  # no host per bucket either
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", localhost)
    assert s3.listed(connect(), bucket, "log_data").files == files


# What S3 and the network answer


REFUSALS = [
    (400, "ExpiredToken", ["have expired", "aws sso login"]),
    (403, "InvalidAccessKeyId", ["does not accept the AWS credentials"]),
    (403, "SignatureDoesNotMatch", ["does not accept the AWS credentials"]),
    (403, "InvalidToken", ["does not accept the AWS credentials"]),
    (403, "RequestTimeTooSkewed", ["clock"]),
    (403, "InvalidObjectState", ["is archived", "restore"]),
    (403, "SomethingNew", ["refused s3:GetObject", "(SomethingNew)"]),
]


@pytest.mark.parametrize("refused", REFUSALS, ids=[code for _, code, _ in REFUSALS])
def test_a_refusal_is_told_without_s3_s_own_text(
    refused: tuple[int, str, list[str]],
    client: "S3Client",
    listed: Listed,
    tmp_path: Path,
) -> None:
    status, code, words = refused
    bucket, files = listed
    more = f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId>"
    inject(client, "GetObject", lambda **_: refusal(status, code, more))
    with pytest.raises(LandingError) as error:
        s3_cache.fetch(client, bucket, files, tmp_path, Shown())
    is_told(error.value, *words)


def test_a_busy_s3_is_asked_three_times(client: "S3Client", bucket: Bucket) -> None:
    pages = counted(client, "ListObjectsV2")
    inject(client, "ListObjectsV2", lambda **_: refusal(503, "SlowDown"))
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, "too busy (SlowDown)")
    assert len(pages) == 3


def wrong_region(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    """Answers like S3 does where a bucket lies in eu-north-1."""
    if b"/eu-north-1/s3/" in request.headers["Authorization"]:
        return None
    return refusal(301, "PermanentRedirect", x_amz_bucket_region="eu-north-1")


def test_a_bucket_in_another_region_is_found(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 5)
    sent = counted(client, "*")
    inject(client, "*", wrong_region)
    assert len(fetch(client, bucket, tmp_path)) == 5
    assert len(sent) == 1 + 1 + 5  # only the first request is redirected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            refusal(301, "PermanentRedirect", x_amz_bucket_region="eu-north-1"),
            ["lies in eu-north-1; set AWS_DEFAULT_REGION=eu-north-1"],
        ),
        (
            refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>"),
            ["lies in eu-north-1; set AWS_DEFAULT_REGION=eu-north-1"],
        ),
        (refusal(301, "PermanentRedirect"), ["does not lie in", "AWS_DEFAULT_REGION"]),
    ],
)
def test_a_region_that_stays_wrong_is_told(
    given: AWSResponse, words: list[str], client: "S3Client", bucket: Bucket
) -> None:
    body, status = given.content, given.status_code
    headers = dict(given.headers)
    inject(client, "ListObjectsV2", lambda **_: answer(status, body, headers))
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, *words)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert isinstance(port, int)
        return port


def test_an_endpoint_that_is_not_there_is_told(
    bucket: Bucket, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = closed_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:hunter2@127.0.0.1:{port}")
    client = connect()
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    message = is_told(error.value, f"127.0.0.1:{port} cannot be reached", "network")
    assert "hunter2" not in message
    file = LandedFile(bucket.uri("zone/log_data/a.json"), 1, 0.0, "", "x-1")
    with pytest.raises(LandingError, match="cannot be reached"):
        s3_cache.fetch(client, bucket, [file], tmp_path, Shown())


def test_an_endpoint_that_is_not_s3_is_told(client: "S3Client", bucket: Bucket) -> None:
    inject(client, "ListObjectsV2", lambda **_: answer(200, b"<html><p>Hi</html>"))
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, "does not answer s3:ListBucket as S3 does", "AWS_ENDPOINT_URL")


def test_an_endpoint_that_only_redirects_is_told(
    client: "S3Client", bucket: Bucket
) -> None:
    away = {"location": "https://store.example/"}
    inject(client, "*", lambda **_: answer(301, b"", away))
    with pytest.raises(LandingError) as error:
        s3.listed(client, bucket, "log_data")
    is_told(error.value, "redirects every request", "https instead of http")


def test_a_server_that_cannot_be_trusted_is_told(
    bucket: Bucket, connect: Connect, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = endpoint.replace("http:", "https:")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(LandingError) as error:
        s3.listed(connect(), bucket, "log_data")
    is_told(error.value, "certificate", "AWS_CA_BUNDLE")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(prefix=NAMES, key=NAMES)
def test_an_address_survives(prefix: str, key: str) -> None:
    bucket = Bucket("bucket", prefix.strip("/"))
    assert Bucket.parse(bucket.url).prefix == bucket.prefix
    assert bucket.key(bucket.uri(key)) == key


def test_threads_end_with_the_work(
    client: "S3Client", bucket: Bucket, tmp_path: Path
) -> None:
    put_many(bucket, 40)
    before = set(threading.enumerate())
    fetch(client, bucket, tmp_path)
    assert {t for t in threading.enumerate() if "run" in t.name} <= before
