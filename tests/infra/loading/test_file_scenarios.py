"""Files that are odd in name, kind or place: the rows F1 to F15 of the contract."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from landing_files import EVENT, EVENTS, SONG, LandingFiles

from infra.loading import intake


@pytest.fixture(params=[intake.SMALL, 1], ids=["small", "large"])
def landing(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LandingFiles:
    """A good file of each kind, not loaded yet; read as small files and as large."""
    monkeypatch.setattr(intake, "SMALL", request.param)
    made = LandingFiles(tmp_path / "project")
    made.good()
    return made


def event(number: int) -> dict[str, object]:
    return EVENT | {"ts": number}


def staged(landing: LandingFiles) -> list[tuple[str, int]]:
    """File and time of each staged event, but those of the good file."""
    return [
        (row["_source_uri"], row["ts"])
        for row in landing.rows()
        if row["_source_uri"] != "log_data/good.json"
    ]


def statuses(landing: LandingFiles) -> dict[str, str]:
    return {
        uri: row["status"]
        for uri, row in landing.live().items()
        if not uri.endswith("/good.json")
    }


# F1 to F4: what changes from load to load


def test_f1_the_same_file_under_another_name_brings_no_rows(
    landing: LandingFiles,
) -> None:
    for name in ("a", "b", "c/a"):
        landing.write(f"log_data/{name}.json", event(7))
    loaded = landing.load()
    assert not loaded.is_nothing
    assert staged(landing) == [("log_data/a.json", 7)]
    duplicate = landing.live()["log_data/b.json"]
    assert duplicate["status"] == "duplicate"
    assert duplicate["rows_staged"] == 0
    assert duplicate["note"] == "same content as log_data/a.json"
    assert landing.run()[EVENTS.name]["files_duplicate"] == 2
    landing.check()


def test_f1_duplicates_are_loaded_where_that_is_asked_for(
    landing: LandingFiles,
) -> None:
    landing.write("log_data/a.json", event(7))
    landing.write("log_data/b.json", event(7))
    landing.load(duplicates="load")
    assert staged(landing) == [("log_data/a.json", 7), ("log_data/b.json", 7)]
    assert set(statuses(landing).values()) == {"loaded"}
    landing.check()


def test_f1_empty_files_are_no_duplicates(landing: LandingFiles) -> None:
    landing.write("log_data/a.json", b"")
    landing.write("log_data/b.json", b"")
    landing.load(strict=True)
    assert set(statuses(landing).values()) == {"loaded"}
    landing.check()


def test_f2_a_changed_file_replaces_its_own_rows(landing: LandingFiles) -> None:
    landing.write("log_data/a.json", [event(1), event(2)])
    landing.write("log_data/b.json", event(3))
    landing.load()
    untouched = [row for row in landing.rows() if row["_source_uri"][-6] != "a"]
    landing.write("log_data/a.json", [event(2), event(4)])
    landing.load()
    assert [row for row in landing.rows() if row["_source_uri"][-6] != "a"] == untouched
    assert staged(landing) == [
        *(("log_data/a.json", 2), ("log_data/a.json", 4), ("log_data/b.json", 3))
    ]
    of_a = [row for row in landing.ledger() if row["uri"] == "log_data/a.json"]
    assert [row["status"] for row in of_a] == ["superseded", "loaded"]
    assert [row["superseded_by"] for row in of_a] == [2, None]
    landing.check()


def test_f3_rows_of_a_file_that_is_gone_stay_until_they_are_pruned(
    landing: LandingFiles,
) -> None:
    path = landing.write("log_data/a.json", event(1))
    landing.load()
    path.unlink()
    landing.load()
    assert staged(landing) == [("log_data/a.json", 1)]
    assert statuses(landing) == {"log_data/a.json": "gone"}
    landing.check()
    landing.load(prune=True)
    assert staged(landing) == []
    assert statuses(landing) == {}
    landing.check()


@pytest.mark.parametrize("lost", ["files", "folder", "landing"])
def test_f4_a_landing_without_files_is_refused(
    lost: str, landing: LandingFiles
) -> None:
    landing.load()
    if lost == "landing":
        landing.landing.rename(landing.root / "elsewhere")
    else:
        (landing.landing / "song_data" / "good.json").unlink()
        if lost == "folder":
            (landing.landing / "song_data").rmdir()
    told = landing.refusal()
    assert "There are no .json files under " in told
    assert str(landing.landing) in told
    assert "set `landing` in invoke.yaml, or run `invoke generate`" in told
    landing.load(allow_empty=True)
    assert len(landing.rows()) == 2
    landing.check()


def test_f4_an_empty_landing_may_be_loaded_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    landing = LandingFiles(tmp_path)
    landing.refusal()
    assert landing.load(allow_empty=True).is_nothing
    assert landing.rows() == []
    landing.check()


# F6 and F8: what cannot be read


def refuse_to_open(names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes files and folders of these names unreadable, whoever runs the tests."""

    def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: str | Path | int, *rest: Any, **given: Any) -> Any:  # noqa: ANN401
            if not isinstance(path, int) and Path(path).name in names:
                raise PermissionError(13, "Permission denied", str(path))
            return function(path, *rest, **given)

        return refuse

    monkeypatch.setattr("os.open", refusing(os.open))
    monkeypatch.setattr("os.scandir", refusing(os.scandir))


def test_f6_files_and_folders_that_cannot_be_opened_are_refused(
    landing: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.write("log_data/closed.json", event(1))
    landing.write("log_data/shut/a.json", event(2))
    landing.write("log_data/open.json", event(3))
    refuse_to_open({"closed.json", "shut"}, monkeypatch)
    told = landing.refusal()
    assert told.startswith(
        ("log_data/closed.json: it cannot be read", "log_data/shut/")
    )
    assert "(permission) and 1 more" in told
    landing.load(max_rejects="2")
    assert staged(landing) == [("log_data/open.json", 3)]
    rejects = landing.ledger("load_rejects")
    assert [(row["load_id"], row["uri"], row["reason"]) for row in rejects] == [
        (number, uri, "permission")
        for number in (1, 2)
        for uri in ("log_data/closed.json", "log_data/shut/")
    ]
    landing.check()


def test_f6_permissions_of_the_file_system_count(landing: LandingFiles) -> None:
    path = landing.write("log_data/closed.json", event(1))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("permissions do not bind whoever runs this, root perhaps")
    assert "log_data/closed.json" in landing.refusal()


def test_f6_rows_of_a_folder_that_was_closed_stay(
    landing: LandingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.write("log_data/shut/a.json", event(2))
    landing.load()
    refuse_to_open({"shut"}, monkeypatch)
    landing.load(max_rejects="1")
    assert staged(landing) == [("log_data/shut/a.json", 2)]
    assert statuses(landing) == {
        "log_data/shut/": "rejected",
        "log_data/shut/a.json": "loaded",
    }
    landing.check()


def test_f7_a_folder_named_like_a_file_is_walked(landing: LandingFiles) -> None:
    landing.write("log_data/x.json/inner.json", event(1))
    landing.load(strict=True)
    assert staged(landing) == [("log_data/x.json/inner.json", 1)]
    landing.check()


def link_to_file(at: Path) -> None:
    (at / "x.json").symlink_to(at / "good.json")


def link_to_folder(at: Path) -> None:
    (at / "elsewhere").mkdir()
    (at / "x").symlink_to(at / "elsewhere")


def loop(at: Path) -> None:
    (at / "x").symlink_to(at)


def dangling_link(at: Path) -> None:
    (at / "x.json").symlink_to(at / "nothing")


def pipe(at: Path) -> None:
    os.mkfifo(at / "x.json")


@pytest.mark.parametrize(
    "made", [link_to_file, link_to_folder, loop, dangling_link, pipe]
)
def test_f8_nothing_is_read_through_links_and_pipes(
    made: Callable[[Path], None], landing: LandingFiles
) -> None:
    made(landing.landing / "log_data")
    assert "log_data/x" in landing.refusal(strict=True)
    landing.load()
    assert staged(landing) == []
    (status,) = statuses(landing).values()
    assert status == "rejected"
    reasons = {row["reason"] for row in landing.ledger("load_rejects")}
    assert reasons == {"not_regular" if made is pipe else "symlink"}
    landing.check()


# F9 to F12: names


def test_f9_hidden_names_are_left_alone(landing: LandingFiles) -> None:
    for name in (
        *(".a.json", "_a.json", "._a.json", ".git/a.json", "_old/a.json"),
        *(".ipynb_checkpoints/a.json", "b/_c/a.json", "a.json~", "a.json.bak"),
    ):
        landing.write(f"log_data/{name}", b"no JSON")
    landing.write("log_data/b/kept_.json", event(1))
    landing.load(strict=True)
    assert staged(landing) == [("log_data/b/kept_.json", 1)]
    landing.check()


def test_f10_folders_named_like_columns_override_nothing(
    landing: LandingFiles,
) -> None:
    name = "song_data/year=1999/title=x/_load_id=7/a.json".replace("/_", "/")
    landing.write(name, SONG | {"song_id": "SO1", "year": 2005, "title": "y"})
    landing.load(strict=True)
    (song,) = (row for row in landing.rows("staging_songs") if row["song_id"] == "SO1")
    assert (song["year"], song["title"], song["_load_id"]) == (2005, "y", 1)
    landing.check()


def test_f11_only_the_folder_itself_is_loaded(landing: LandingFiles) -> None:
    landing.write("song_data_old/a.json", SONG | {"song_id": "SO1"})
    landing.write("song_data2/a.json", b"no JSON")
    landing.write("song_data.json", b"no JSON")
    landing.write("song_jsonpaths.json", b"{}")
    landing.load(strict=True)
    assert len(landing.rows("staging_songs")) == 1
    landing.check()


NAMES = (
    *(
        "[ab].json",
        "[!a].json",
        "*.json",
        "**.json",
        "?.json",
        "a#b.json",
        "a%20b.json",
    ),
    *("a'b.json", "''.json", 'a"b.json', "a\\b.json", "a\\*.json", "a\nb.json"),
    *("a\tb.json", "A.JSON", "b.Json", "ä b.json", "e\u0301.json", "é.json"),
    *("音楽😀.json", "a,1.json", "a;b.json", "$x.json", "{a}.json", "a b/c d.json"),
    *("[d]/a.json", "*/a.json", "year=1999/a.json", "-a.json", " .json", "a..json"),
    *("null.json", "x.json/y.json", "\u2028.json", "C:.json", "s3:/a.json", "a|b.json"),
)


@pytest.mark.parametrize("bad", [False, True], ids=["clean", "with a bad line"])
def test_f12_names_of_files_may_hold_anything(bad: bool, landing: LandingFiles) -> None:
    for number, name in enumerate(NAMES):
        landing.write(f"log_data/{name}", [event(number), event(1000 + number)])
        if bad:
            path = landing.landing / "log_data" / name
            path.write_bytes(path.read_bytes() + b"\n{")
    landing.load(max_rejects="50" if bad else "")
    assert staged(landing) == sorted(
        (f"log_data/{name}", ts)
        for number, name in enumerate(NAMES)
        for ts in (number, 1000 + number)
    )
    rejected = {row["uri"] for row in landing.ledger("load_rejects")}
    assert rejected == ({f"log_data/{name}" for name in NAMES} if bad else set())
    landing.check()


def test_f12_a_name_that_is_no_text_is_refused(landing: LandingFiles) -> None:
    name = os.fsencode(landing.landing / "log_data") + b"/\xff.json"
    try:
        Path(os.fsdecode(name)).write_bytes(b"{}")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert "the name is not UTF-8: rename it (name)" in landing.refusal()
    landing.load(max_rejects="1")
    assert staged(landing) == []
    landing.check()


def test_f12_the_project_may_lie_anywhere(tmp_path: Path) -> None:
    landing = LandingFiles(tmp_path / "a [b] * 'c' # ü")
    landing.good()
    landing.write("log_data/bad.json", [event(1), {}])
    landing.load()
    assert staged(landing) == [("log_data/bad.json", 1)]
    landing.check()
