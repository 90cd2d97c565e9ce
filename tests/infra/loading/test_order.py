"""The staged rows depend on the files only, not on the loads that brought them."""

import random
from collections import Counter
from pathlib import Path

import pytest
from landing_files import EVENT, EVENTS, SONG, SONGS, Content, LandingFiles, encoded
from slow import seeds

Change = tuple[str, bytes | None]  # a file and its new content, None when it is deleted


def events(*numbers: int) -> bytes:
    return encoded([EVENT | {"ts": number} for number in numbers])


def song(number: int, title: str = "a") -> bytes:
    return encoded(SONG | {"song_id": f"SO{number}", "title": title})


# What happens to each file, in this order
HISTORIES: dict[str, list[Content]] = {
    "log_data/a.json": [events(1, 2)],
    "log_data/changed_twice.json": [events(10), events(10, 11), events(12, 11)],
    "log_data/changed_back.json": [events(20), events(21), events(20)],
    "log_data/rejects.json": [events(30) + b"\n{\n" + events(31)],
    "log_data/mended.json": [events(40) + b"\n{", events(40, 41)],
    "log_data/spoiled.json": [events(45, 46), events(45) + b"\nnull"],
    "log_data/emptied.json": [events(50), b""],
    "log_data/2/copy.json": [events(60, 61)],
    "log_data/1/original.json": [events(60, 61)],
    "log_data/once_alike.json": [events(60, 61), events(62)],
    "log_data/late_alike.json": [events(63), events(60, 61)],
    "log_data/drift.json": [encoded({**EVENT, "ts": 70, "city": "Oslo"})],
    "song_data/a.json": [song(1)],
    "song_data/b.json": [song(2), song(2, "b")],
    "song_data/c.json": [song(1)],
    "song_data/d.json": [song(3) + b"\n[]"],
    "song_data/swapped_1.json": [song(4), song(5)],
    "song_data/swapped_2.json": [song(5), song(4)],
}


def dealt(rng: random.Random) -> list[list[tuple[str, bytes]]]:
    """The changes in loads: any number of them, each file's in their order."""
    left = {name: [encoded(each) for each in told] for name, told in HISTORIES.items()}
    loads: list[list[tuple[str, bytes]]] = []
    while left:
        most = rng.choice((1, 3, 8, len(left)))
        names = rng.sample(sorted(left), min(most, len(left)))
        loads.append([(name, left[name].pop(0)) for name in names])
        left = {name: contents for name, contents in left.items() if contents}
    return loads


def staged(landing: LandingFiles) -> Counter[str]:
    """What is staged, but for the load.

    Of files with one content it does not matter which one brought the rows.
    """
    contents = {
        name: encoded(versions[-1]).decode() for name, versions in HISTORIES.items()
    }
    return Counter(
        repr(
            {
                **{key: row[key] for key in row if key != "_load_id"},
                "_source_uri": contents[row["_source_uri"]],
            }
        )
        for table in (EVENTS, SONGS)
        for row in landing.rows(table.name)
    )


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """What is staged when the final files are loaded at once."""
    landing = LandingFiles(tmp_path_factory.mktemp("at_once"))
    for name, contents in HISTORIES.items():
        landing.write(name, contents[-1])
    landing.load()
    landing.check()
    return staged(landing)


@pytest.mark.parametrize("seed", seeds(3, 8))
def test_files_come_to_the_same_rows_in_any_order_and_any_number_of_loads(
    seed: int, at_once: Counter[str], tmp_path: Path
) -> None:
    landing = LandingFiles(tmp_path)
    for load in dealt(random.Random(seed)):
        for name, content in load:
            landing.write(name, content)
        landing.load(allow_empty=True)
    landing.check()
    assert staged(landing) == at_once
    landing.load(full_refresh=True)
    landing.check()
    assert staged(landing) == at_once


@pytest.mark.parametrize("seed", seeds(2, 4))
def test_deleted_files_leave_no_trace_once_they_are_pruned(
    seed: int, at_once: Counter[str], tmp_path: Path
) -> None:
    rng = random.Random(seed)
    landing = LandingFiles(tmp_path)
    passing = [f"log_data/{name}.json" for name in ("0", "m", "z")]
    for load in dealt(rng):
        for name in passing:
            path = landing.write(name, rng.choice((events(60, 61), events(80))))
            if rng.random() < 0.5:
                path.unlink()
        for name, content in load:
            landing.write(name, content)
        landing.load(allow_empty=True, prune=rng.random() < 0.5)
    for name in passing:
        (landing.landing / name).unlink(missing_ok=True)
    landing.load(prune=True)
    landing.check()
    assert staged(landing) == at_once


def test_the_latest_content_of_a_file_wins(tmp_path: Path) -> None:
    landing = LandingFiles(tmp_path)
    landing.good()
    for numbers in ((1, 2), (2, 3), (4,), (1, 2)):
        landing.write("log_data/a.json", events(*numbers))
        landing.load()
        found = [
            row["ts"] for row in landing.rows() if row["_source_uri"][-6:] == "a.json"
        ]
        assert found == list(numbers)
    landing.check()
