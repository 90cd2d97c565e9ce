import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import LandingError, LoadError
from infra.loading import scan
from infra.loading.scan import RawFile, batches


def write(landing: Path, name: str, content: bytes = b'{"a":1}') -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def uris(landing: Path) -> list[str]:
    return [file.uri for file in scan.scan(landing, "log_data")]


def rows(landing: Path, content: bytes) -> list[dict[str, Any]]:
    """The objects of a file with this content, as one batch."""
    path = write(landing, "log_data/a.json", content)
    joined = b"\n".join(batches([RawFile("log_data/a.json", path)]))
    return [json.loads(line) for line in joined.split(b"\n") if line]


# Which files there are


def test_files_come_in_the_order_of_their_names_whatever_folder(tmp_path: Path) -> None:
    for name in ("b/1.json", "a.json", "b.json", "a/2.json", "a/10.json", "c/d/e.json"):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == [
        *("log_data/a.json", "log_data/a/10.json", "log_data/a/2.json"),
        *("log_data/b.json", "log_data/b/1.json", "log_data/c/d/e.json"),
    ]


def test_a_file_is_known_by_its_path_below_the_landing(tmp_path: Path) -> None:
    path = write(tmp_path, "log_data/2018/11/day.json")
    assert scan.scan(tmp_path, "log_data") == [
        RawFile("log_data/2018/11/day.json", path)
    ]


def test_the_suffix_counts_in_any_case(tmp_path: Path) -> None:
    for name in (
        "a.JSON",
        "b.Json",
        "c.json",
        "d.json.bak",
        "e.ndjson.gz",
        "f",
        "json",
    ):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == ["log_data/a.JSON", "log_data/b.Json", "log_data/c.json"]


def test_hidden_names_are_left_alone(tmp_path: Path) -> None:
    for name in (
        *(".a.json", "_a.json", "._a.json", ".git/a.json", "_old/a.json"),
        *("b/_c/a.json", "kept_.json", "b/kept.json"),
    ):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == ["log_data/b/kept.json", "log_data/kept_.json"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = write(tmp_path, "elsewhere/a.json")
    write(tmp_path, "log_data/kept.json")
    (tmp_path / "log_data" / "file.json").symlink_to(elsewhere)
    (tmp_path / "log_data" / "folder").symlink_to(elsewhere.parent)
    (tmp_path / "log_data" / "loop").symlink_to(tmp_path / "log_data")
    (tmp_path / "log_data" / "dangling.json").symlink_to(tmp_path / "nothing")
    assert uris(tmp_path) == ["log_data/kept.json"]


def test_a_folder_named_like_a_file_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "log_data/day.json/part.json")
    assert uris(tmp_path) == ["log_data/day.json/part.json"]


def test_other_folders_of_the_landing_are_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, "log_data/a.json")
    write(tmp_path, "song_data/b.json")
    write(tmp_path, "truth.json")
    assert uris(tmp_path) == ["log_data/a.json"]


@pytest.mark.parametrize(
    "name", ["", "log_data/", "log_data/notes.txt", "log_data/.a.json"]
)
def test_a_landing_without_files_is_refused(name: str, tmp_path: Path) -> None:
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    elif name:
        write(tmp_path, name)
    with pytest.raises(LandingError) as error:
        scan.scan(tmp_path, "log_data")
    assert str(tmp_path / "log_data") in str(error.value)
    assert "invoke generate" in str(error.value)


def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "log_data")
    with pytest.raises(LandingError, match="cannot be listed"):
        scan.scan(tmp_path, "log_data")


# What is in them


LINEAGE = {"_source_uri": "log_data/a.json"}


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b'{"n":1}\n{"n":2}', [1, 2]),
        (b'{"n":1}\n{"n":2}\n', [1, 2]),
        (b'{"n":1}\r\n{"n":2}\r\n', [1, 2]),
        (b'\xef\xbb\xbf{"n":1}\n{"n":2}', [1, 2]),
        (b'\xef\xbb\xbf\r\n{"n":1}\r\n', [2]),
        (b'\n \n{"n":1}\n\t\r\n\n  {"n":2}  \n\n', [3, 6]),
        (b'{"n":1}', [1]),
        (b"", []),
        (b"\n\n \r\n", []),
        (b"\xef\xbb\xbf", []),
        (b'{\n  "n": 1\n}\n', [1]),
        (b'\n\n{\r\n  "n":\r\n1}', [3]),
        (b'{"n":\n1\n}', [1]),
    ],
)
def test_each_object_knows_its_line(
    content: bytes, lines: list[int], tmp_path: Path
) -> None:
    assert rows(tmp_path, content) == [
        {**LINEAGE, "_line": line, "n": number}
        for number, line in enumerate(lines, start=1)
    ]


def test_text_is_passed_on_as_it_is(tmp_path: Path) -> None:
    text = 'Björk \u2028 \x85 \x0c \x1c 音楽 \\n {"}'
    content = json.dumps({"n": text}, ensure_ascii=False).encode()
    assert rows(tmp_path, content) == [{**LINEAGE, "_line": 1, "n": text}]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"n":1}\n{"n":', 2),
        (b'{"n":1}\n{"n":\n{"n":3}', 2),
        (b'{"n":1}\n[]', 2),
        (b"[]", 1),
        (b'[{"n":1}]', 1),
        (b"null", 1),
        (b"\n\n7", 3),
        (b"n,m\n1,2\n", 1),
        (b'{"n":1}\n\n{"n":2},\n', 3),
        (b'{"n":1}\nn":2}', 2),
        ('{"n":1}'.encode("utf-16"), 1),
        (b"\x1f\x8b\x08", 1),
    ],
)
def test_what_is_no_object_is_named_with_its_line(
    content: bytes, line: int, tmp_path: Path
) -> None:
    with pytest.raises(LoadError) as error:
        rows(tmp_path, content)
    assert f"log_data/a.json, line {line}: " in str(error.value)


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "log_data/a.json")
    listed = scan.scan(tmp_path, "log_data")
    path.unlink()
    with pytest.raises(LoadError, match=r"log_data/a\.json cannot be read"):
        list(batches(listed))


def test_a_name_that_is_no_text_is_refused_or_told(tmp_path: Path) -> None:
    write(tmp_path, "log_data/a.json")
    name = os.fsencode(tmp_path / "log_data") + b"/\xff.json"
    Path(os.fsdecode(name)).write_bytes(b'{"n":1}')
    try:
        joined = b"\n".join(batches(scan.scan(tmp_path, "log_data")))
    except (LandingError, LoadError):
        return
    for line in joined.split(b"\n"):
        json.loads(line)["_source_uri"].encode()


def test_a_batch_ends_with_the_file_that_makes_it_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcde":
        write(tmp_path, f"log_data/{name}.json", b'{"n":1}\n{"n":2}')
    files = scan.scan(tmp_path, "log_data")
    (whole,) = batches(files)
    monkeypatch.setattr(scan, "BATCH_BYTES", len(whole) // 5 + 1)
    sizes = [len(batch.split(b"\n")) for batch in batches(files)]
    assert sizes == [4, 4, 2]
    assert b"\n".join(batches(files)) == whole
    monkeypatch.setattr(scan, "BATCH_BYTES", 1)
    assert len(list(batches(files))) == 5


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.floats(allow_nan=False)
OBJECTS = st.dictionaries(TEXTS.map("key {}".format), VALUES, min_size=1)


@settings(deadline=None)
@given(
    records=st.lists(OBJECTS, min_size=1),
    end=st.sampled_from(["\n", "\r\n", "\n\n", " \n\t"]),
    ascii_only=st.booleans(),
)
def test_records_survive(
    records: list[dict[str, Any]],
    end: str,
    ascii_only: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "survive"
    content = end.join(json.dumps(each, ensure_ascii=ascii_only) for each in records)
    found = rows(folder, content.encode())
    step = end.count("\n")
    assert found == [
        {**LINEAGE, "_line": 1 + step * number, **record}
        for number, record in enumerate(records)
    ]
