"""How much may be rejected, and what a load that is refused leaves behind."""

from pathlib import Path
from typing import Any

import pytest
from landing_files import EVENT, SONG, LandingFiles, encoded

from infra.errors import ConfigurationError
from infra.loading.options import options
from infra.loading.tolerance import Tolerance


@pytest.fixture
def landing(tmp_path: Path) -> LandingFiles:
    """Good files, loaded."""
    made = LandingFiles(tmp_path / "project")
    made.good()
    made.load()
    return made


def lines(good: int, bad: int) -> bytes:
    """A file of so many rows and so many rejects."""
    rows = [EVENT | {"ts": number} for number in range(good)]
    return encoded(rows) + b"\n" + b"\n".join([b"{"] * bad)


@pytest.mark.parametrize(
    ("given", "good", "bad", "is_loaded"),
    [
        ({}, 0, 10, True),
        ({}, 0, 11, False),
        ({}, 989, 11, False),
        ({}, 1089, 11, True),
        ({}, 1189, 12, True),
        ({}, 1187, 12, False),
        ({"max_rejects": "0"}, 1000, 1, False),
        ({"max_rejects": "3"}, 0, 3, True),
        ({"max_rejects": "3"}, 1000, 4, False),
        ({"max_rejects": "0%"}, 1000, 1, False),
        ({"max_rejects": "2%"}, 98, 2, True),
        ({"max_rejects": "2%"}, 97, 2, False),
        ({"max_rejects": "29%"}, 71, 29, True),
        ({"max_rejects": "29%"}, 71, 30, False),
        ({"max_rejects": "57%"}, 43, 57, True),
        ({"max_rejects": "100%"}, 0, 5, True),
        ({"strict": True}, 1000, 1, False),
        ({"strict": True}, 1000, 0, True),
    ],
)
def test_so_many_rejected_rows_are_tolerated(
    given: dict[str, Any],
    good: int,
    bad: int,
    is_loaded: bool,
    landing: LandingFiles,
) -> None:
    landing.write("log_data/a.json", lines(good, bad))
    if is_loaded:
        landing.load(**given)
        assert len(landing.rows()) == 2 + good
        landing.check()
    else:
        told = landing.refusal(**given)
        assert f"{bad:,} of {good + bad:,} rows are rejected" in told
        assert "staging_events is as it was. `invoke rejects` shows each; mend" in told


@pytest.mark.parametrize(
    ("given", "is_loaded"),
    [
        ({}, False),
        ({"max_rejects": "1"}, False),
        ({"max_rejects": "2"}, True),
        ({"max_rejects": "100%"}, False),
        ({"strict": True}, False),
    ],
)
def test_a_file_that_cannot_be_used_is_tolerated_where_that_is_asked_for(
    given: dict[str, Any], is_loaded: bool, landing: LandingFiles
) -> None:
    landing.write("log_data/a.json.gz", b"no gzip")
    landing.write("log_data/b.json", encoded(EVENT).decode().encode("utf-16"))
    landing.write("log_data/c.json", EVENT | {"ts": 9})
    if is_loaded:
        landing.load(**given)
        landing.check()
        landing.load()  # what was tolerated once is known
    else:
        told = landing.refusal(**given)
        assert told.startswith(
            ("log_data/a.json.gz: its name", "log_data/b.json: it is")
        )
        assert "and 1 more. staging_events is as it was. `invoke rejects` shows" in told


def test_each_raw_table_has_its_own_share(landing: LandingFiles) -> None:
    landing.write("log_data/a.json", lines(2000, 0))
    landing.write("song_data/a.json", b"{\n" * 11)
    assert "11 of 11 rows are rejected, 10 may be" in landing.refusal()


def test_a_refused_load_leaves_its_rejects_and_nothing_else(
    landing: LandingFiles,
) -> None:
    landing.write("log_data/a.json", lines(3, 11))
    landing.write("log_data/good.json", EVENT | {"ts": 5})
    landing.write("song_data/a.json", encoded(SONG | {"song_id": "SO2"}) + b"\n[]")
    for number in (2, 3):
        landing.refusal()
        rejects = [
            row for row in landing.ledger("load_rejects") if row["load_id"] == number
        ]
        assert {(row["uri"], row["reason"]) for row in rejects} == {
            ("log_data/a.json", "malformed_json"),
            ("song_data/a.json", "top_level_array"),
        }
        assert len(rejects) == 12
        assert {row["raw"] for row in rejects} == {"{", "[]"}
    landing.load(max_rejects="11")
    assert len(landing.rows()) == 4
    assert len(landing.rows("staging_songs")) == 2
    landing.check()


def test_a_mended_file_is_loaded_after_a_refusal(landing: LandingFiles) -> None:
    landing.write("log_data/a.json", lines(1, 11))
    landing.refusal()
    landing.write("log_data/a.json", lines(1, 0))
    landing.load(strict=True)
    assert len(landing.rows()) == 3
    landing.check()


@pytest.mark.parametrize(
    "record",
    [
        EVENT | {"city": "Oslo"},
        {key: value for key, value in EVENT.items() if key != "artist"},
        {**{key: value for key, value in EVENT.items() if key != "page"}, "Page": "x"},
    ],
)
def test_freeze_fails_on_keys_that_are_new_or_missing(
    record: dict[str, Any], landing: LandingFiles
) -> None:
    landing.write("log_data/a.json", record)
    told = landing.refusal(freeze=True)
    keys = sorted(record.keys() ^ EVENT.keys())
    assert told.startswith("log_data/a.json: keys that are new or missing: ")
    assert all(key in told for key in keys)
    landing.load()
    landing.check()


def test_freeze_minds_no_order_of_keys(landing: LandingFiles) -> None:
    landing.write("log_data/a.json", dict(reversed(EVENT.items())))
    landing.write("log_data/b.json", b"\n")
    landing.write("log_data/c.json", EVENT | {"ts": "7"})
    landing.load(freeze=True)
    landing.check()


@pytest.mark.parametrize("wrong", ["-1", "x", "1.5", "1.5%", "101%", "5 %", "%", "1e3"])
def test_a_wrong_limit_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="--max-rejects"):
        options(wrong, "skip", strict=False)


def test_options_that_contradict_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="--strict"):
        options("5", "skip", strict=True)
    with pytest.raises(ConfigurationError, match="--duplicates"):
        options("", "both", strict=False)


def test_the_ledger_keeps_the_options(landing: LandingFiles) -> None:
    assert landing.run()["staging_events"]["args"] is None
    landing.load(max_rejects="5", prune=True)
    told = landing.run()["staging_events"]["args"]
    assert "--prune" in told
    assert "--max-rejects 5 rows" in told


def test_nothing_at_all_is_within_any_limit() -> None:
    assert Tolerance(rows=0, share=0.0).refuses(0, 0, []) is None
