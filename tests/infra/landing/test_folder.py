import os
from pathlib import Path

import pytest

from infra.errors import LandingError
from infra.landing import folder
from infra.landing.files import LandedFile


def write(landing: Path, name: str, content: bytes = b'{"a":1}') -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def uris(landing: Path) -> list[str]:
    return [file.uri for file in folder.listed(landing, "log_data").files]


def refused(landing: Path) -> list[tuple[str, str]]:
    listing = folder.listed(landing, "log_data")
    return [(each.uri, each.reason) for each in listing.refused]


def test_files_come_in_the_order_of_their_names_whatever_folder(tmp_path: Path) -> None:
    for name in ("b/1.json", "a.json", "b.json", "a/2.json", "a/10.json", "c/d/e.json"):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == [
        *("log_data/a.json", "log_data/a/10.json", "log_data/a/2.json"),
        *("log_data/b.json", "log_data/b/1.json", "log_data/c/d/e.json"),
    ]


def test_a_file_is_known_by_its_path_below_the_landing(tmp_path: Path) -> None:
    write(tmp_path, "log_data/2018/11/day.json")
    assert folder.listed(tmp_path, "log_data").files == [
        LandedFile("log_data/2018/11/day.json", 0, 0.0, folder.UNSEEN)
    ]


def test_the_suffix_counts_in_any_case(tmp_path: Path) -> None:
    for name in (
        "a.JSON",
        "b.Json",
        "c.json",
        "d.json.bak",
        "e.ndjson.gz",
        "f",
        "g.JSON.gz",
        "json",
    ):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == [
        *("log_data/a.JSON", "log_data/b.Json", "log_data/c.json"),
        "log_data/g.JSON.gz",
    ]


def test_hidden_names_are_left_alone(tmp_path: Path) -> None:
    for name in (
        *(".a.json", "_a.json", "._a.json", ".git/a.json", "_old/a.json"),
        *("b/_c/a.json", "kept_.json", "b/kept.json"),
    ):
        write(tmp_path, f"log_data/{name}")
    assert uris(tmp_path) == ["log_data/b/kept.json", "log_data/kept_.json"]


def test_links_are_refused_and_not_followed(tmp_path: Path) -> None:
    elsewhere = write(tmp_path, "elsewhere/a.json")
    write(tmp_path, "log_data/kept.json")
    (tmp_path / "log_data" / "file.json").symlink_to(elsewhere)
    (tmp_path / "log_data" / "folder").symlink_to(elsewhere.parent)
    (tmp_path / "log_data" / "loop").symlink_to(tmp_path / "log_data")
    (tmp_path / "log_data" / "dangling.json").symlink_to(tmp_path / "nothing")
    (tmp_path / "log_data" / "notes.txt").symlink_to(tmp_path / "nothing")
    assert uris(tmp_path) == ["log_data/kept.json"]
    assert refused(tmp_path) == [
        (f"log_data/{name}", "symlink")
        for name in ("dangling.json", "file.json", "folder", "loop")
    ]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, "log_data/kept.json")
    os.mkfifo(tmp_path / "log_data" / "pipe.json")
    assert uris(tmp_path) == ["log_data/kept.json"]
    assert refused(tmp_path) == [("log_data/pipe.json", "not_regular")]
    with pytest.raises(OSError, match="no regular file"):
        folder.opened(str(tmp_path / "log_data" / "pipe.json"))


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
def test_a_landing_without_files_is_empty(name: str, tmp_path: Path) -> None:
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    elif name:
        write(tmp_path, name)
    assert folder.listed(tmp_path, "log_data") == ([], [])


def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "log_data")
    with pytest.raises(LandingError, match="cannot be listed"):
        folder.listed(tmp_path, "log_data")


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "log_data/a.json")
    name = os.fsencode(tmp_path / "log_data") + b"/\xff.json"
    Path(os.fsdecode(name)).write_bytes(b'{"n":1}')
    assert uris(tmp_path) == ["log_data/a.json"]
    ((uri, reason),) = refused(tmp_path)
    assert reason == "name"
    assert uri.encode().isascii()


def test_a_stamp_shows_an_edit_that_keeps_size_and_time(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", b'{"a":1}')
    before = path.stat()
    path.write_bytes(b'{"a":2}')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert folder.stamp_of(after) != folder.stamp_of(before)


def test_a_stamp_is_remembered_only_of_a_file_at_rest(tmp_path: Path) -> None:
    status = write(tmp_path, "a.json").stat()
    now = max(status.st_mtime_ns, status.st_ctime_ns)
    assert folder.lasting_stamp(status, now + 1) == folder.UNSEEN
    later = now + folder.RACY_NANOSECONDS + 1
    assert folder.lasting_stamp(status, later) == folder.stamp_of(status)
