import gzip
import hashlib
import json
from pathlib import Path

import pytest
from checkout import REPOSITORY
from landing_files import SONG, SONGS, compact

from infra.landing import folder as local
from infra.loading.inspection import Chunk, Workers
from infra.loading.small import Limits, Reader, Seen
from infra.loading.strict import Strict

LINE = compact(SONG)
LIMITS = Limits(small=2000, held=1 << 20)
LATER = 1 << 62  # a moment when every stamp lasts

CONTENTS = {
    "a/clean.json": LINE,
    'b ".json': LINE + b"\n" + LINE + b"\r\n",
    "c.json": LINE + b"\n{",
    "d.json": b"",
    "e.json": gzip.compress(LINE),
    "f.JSON.GZ": LINE,
    "g.json": LINE.decode().encode("utf-16"),
    "h.json": LINE * 10,
    "ä.json": LINE.replace(b"Line", "Liné".encode()),
}
READ = ("a/clean.json", 'b ".json', "c.json", "d.json", "g.json", "ä.json")
ABSENT = "z.json"


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    for name, content in CONTENTS.items():
        path = tmp_path / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "landing"


URIS = [*CONTENTS, ABSENT]


def read(landing: Path, part: Path | None = None, limits: Limits = LIMITS) -> Seen:
    files = [(uri, str(landing / uri)) for uri in URIS]
    return Reader(Strict(SONGS), limits, LATER).read(files, str(part) if part else None)


def names(places: list[int]) -> list[str]:
    return [URIS[at] for at in places]


def test_each_file_is_seen_for_what_it_is(landing: Path) -> None:
    seen = read(landing)
    assert names(seen.files) == list(READ)
    assert names(seen.careful) == ["c.json"]
    assert names(seen.utf16) == ["g.json"]
    assert names(seen.left) == ["e.json", "f.JSON.GZ", "h.json"]
    assert names(list(seen.failed)) == [ABSENT]
    assert seen.known == []
    for at, digest, size, modified, stamp in zip(
        *(seen.files, seen.digests, seen.sizes, seen.modified, seen.stamps), strict=True
    ):
        content, status = CONTENTS[URIS[at]], (landing / URIS[at]).stat()
        assert digest == hashlib.sha256(content).hexdigest()
        assert (size, modified) == (len(content), status.st_mtime)
        assert stamp == local.stamp_of(status)
    assert seen.lasting == [True] * len(READ)
    assert dict(zip(names(seen.files), seen.lines, strict=True))['b ".json'] == 2


def test_a_file_that_was_written_just_now_has_no_lasting_stamp(landing: Path) -> None:
    path = landing / "d.json"
    now = path.stat().st_mtime_ns
    seen = Reader(Strict(SONGS), LIMITS, now).read([("d.json", str(path))], None)
    assert seen.lasting == [False]


@pytest.mark.parametrize("held", [0, 300, 1 << 20])
def test_clean_rows_are_joined_with_their_file_and_line(
    held: int, landing: Path, tmp_path: Path
) -> None:
    part = tmp_path / "part"
    read(landing, part, Limits(2000, held))
    rows = [json.loads(line) for line in part.read_bytes().splitlines()]
    assert [(row.pop("_source_uri"), row.pop("_line")) for row in rows] == [
        *(("a/clean.json", 1), ('b ".json', 1), ('b ".json', 2), ("ä.json", 1)),
    ]
    assert rows == [SONG] * 3 + [SONG | {"artist_name": "Liné Renaud"}]


def test_known_content_is_not_joined(landing: Path, tmp_path: Path) -> None:
    known = hashlib.sha256(LINE).hexdigest()
    part = tmp_path / "part"
    files = [(uri, str(landing / uri)) for uri in READ]
    seen = Reader(Strict(SONGS), LIMITS, LATER).read(
        files, str(part), lambda uri, digest: (uri, digest) == (READ[0], known)
    )
    assert seen.known == [0]
    assert READ[0].encode() not in part.read_bytes()


def test_workers_see_what_this_process_sees(landing: Path, tmp_path: Path) -> None:
    here = read(landing, tmp_path / "here")
    parts = [tmp_path / f"there-{number}" for number in range(5)]
    chunks = [Chunk(f"{landing}/", URIS, str(part), LIMITS) for part in parts]
    with Workers(REPOSITORY, 2, LATER) as workers:
        there = list(workers.read(SONGS, chunks))
        unwritten = list(
            workers.read(SONGS, [Chunk(f"{landing}/", URIS, None, LIMITS)])
        )
    assert there == [here] * 5
    assert unwritten == [here]
    for part in parts:
        assert part.read_bytes() == (tmp_path / "here").read_bytes()


def test_a_part_that_cannot_be_written_is_no_fault_of_a_file(
    landing: Path, tmp_path: Path
) -> None:
    part = tmp_path / "absent" / "part"
    with pytest.raises(FileNotFoundError):
        read(landing, part)
    chunk = Chunk(f"{landing}/", URIS, str(part), LIMITS)
    with (
        Workers(REPOSITORY, 1, LATER) as workers,
        pytest.raises(FileNotFoundError) as error,
    ):
        list(workers.read(SONGS, [chunk]))
    assert error.value.filename == str(part)


def test_a_full_disk_is_no_fault_of_a_file(landing: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    with pytest.raises(OSError, match="No space left"):
        read(landing, Path("/dev/full"))
