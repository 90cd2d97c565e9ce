"""Every bad input of the contract, through a whole load (the numbers are its rows)."""

import gzip
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from landing_files import (
    EVENT,
    EVENTS,
    SONG,
    SONGS,
    Contents,
    LandingFiles,
    Record,
)

from infra.loading import intake
from infra.loading.raw_schema import RawTable

MALFORMED = "malformed_json"
Reject = tuple[int | None, str | None, str]  # line, column, reason


class Spelled(str):
    """JSON that stands in a line as it is."""

    __slots__ = ()


def line(values: dict[str, Any]) -> bytes:
    """A record as a line, its values spelled as they are given."""
    pairs = (
        f"{json.dumps(key)}:"
        + (each if isinstance(each, Spelled) else json.dumps(each, ensure_ascii=False))
        for key, each in values.items()
    )
    return ("{" + ",".join(pairs) + "}").encode()


def event(**changes: Any) -> bytes:  # noqa: ANN401 - a value of any kind
    return line(EVENT | changes)


def song(**changes: Any) -> bytes:  # noqa: ANN401
    return line(SONG | changes)


def without(values: dict[str, Any], *keys: str) -> bytes:
    return line({key: value for key, value in values.items() if key not in keys})


@dataclass(frozen=True)
class Case:
    """A file and what becomes of it; `rows` are its staged lines in order.

    `values` are those of columns in the rows of line 2. A file with a `refused` reason
    is none that can be loaded.
    """

    content: bytes
    rows: tuple[int, ...] = ()
    rejects: tuple[Reject, ...] = ()
    values: dict[str, list[Any]] = field(default_factory=dict)
    extra_keys: str | None = None
    missing_keys: str | None = None
    note: str | None = None
    refused: str | None = None
    table: RawTable = EVENTS
    suffix: str = ".json"

    @property
    def name(self) -> str:
        """The file's name below the landing, by its content."""
        digest = hashlib.sha256(self.content).hexdigest()
        return f"{self.table.landing}/{digest}{self.suffix}"


def good(number: int) -> bytes:
    return event(ts=10**12 + number)


# Files of one good line, the lines in question from line 2 on, and two good lines


def kept(*lines: bytes, table: RawTable = EVENTS, **told: Any) -> Case:  # noqa: ANN401
    """Lines that are rows, each of them."""
    return among(*lines, rows=tuple(range(2, len(lines) + 2)), table=table, **told)


def lost(
    bad: bytes, reason: str, column: str | None = None, table: RawTable = EVENTS
) -> Case:
    """A line that is no row, among lines that are."""
    return among(bad, rejects=((2, column, reason),), table=table)


def among(
    *lines: bytes,
    rows: tuple[int, ...] = (),
    rejects: tuple[Reject, ...] = (),
    table: RawTable = EVENTS,
    **told: Any,  # noqa: ANN401
) -> Case:
    """Lines among good ones, which are not harmed by them."""
    around = [good(number) for number in (1, 2, 3)]
    if table is SONGS:
        around = [song(song_id=f"SO{number}") for number in (1, 2, 3)]
    content = b"\n".join([around[0], *lines, *around[1:]])
    after = content.count(b"\n")
    return Case(content, (1, *rows, after, after + 1), rejects, table=table, **told)


def refused(content: bytes, reason: str, suffix: str = ".json") -> Case:
    """A file that cannot be loaded at all."""
    return Case(content, refused=reason, suffix=suffix)


E, F = event(ts=1), event(ts=2, userId="10")
DEEP = Spelled("[" * 10_000 + "]" * 10_000)


def lines_of(*each: bytes, end: bytes = b"\n") -> bytes:
    return end.join(each)


CASES: dict[str, Case] = {
    "1 truncated last line": Case(
        lines_of(E, F, E[:-40]), (1, 2), ((3, None, MALFORMED),)
    ),
    "1 truncated only line": Case(E[:50], (), ((1, None, MALFORMED),)),
    "2 truncated line in the middle": lost(E[:100], MALFORMED),
    "2 truncated behind a brace": lost(E[:-1] + b',"x":{"a":1', MALFORMED),
    "3 empty file": Case(b"", note="empty"),
    "4 only newlines": Case(b"\n\n\n", note="empty"),
    "5 only whitespace": Case(b"  \t \r\n  ", note="empty"),
    "5 only a BOM": Case(b"\xef\xbb\xbf", note="empty"),
    "6 UTF-8 BOM": Case(b"\xef\xbb\xbf" + lines_of(E, F), (1, 2)),
    "7 CRLF": Case(lines_of(E, F, b"", end=b"\r\n"), (1, 2)),
    "72 CR only": Case(lines_of(E, F, b"", end=b"\r"), (1, 2)),
    "72 CR before CRLF": Case(lines_of(E, F, b"", end=b"\r\r\n"), (1, 3)),
    "72 CR in front": Case(b"\r" + lines_of(E, F), (2, 3)),
    "8 no final newline": Case(lines_of(E, F), (1, 2)),
    "8 final newline": Case(lines_of(F, E, b""), (1, 2)),
    "9 blanks before and behind": Case(
        lines_of(b" " + E, b"\t" + F + b" \t\r"), (1, 2)
    ),
    "9 blank lines between": Case(lines_of(E, b"", b" \t ", F, b"", b""), (1, 4)),
    "10 Latin-1": lost(
        event(artist="Björk").decode().encode("latin-1"), "invalid_utf8"
    ),
    "10 a surrogate as UTF-8": lost(
        event(artist="x").replace(b'"x"', b'"\xed\xa0\x80"'), "invalid_utf8"
    ),
    "11 raw NUL byte": lost(event(artist=Spelled('"a\0b"')), "nul_byte"),
    "12 escaped NUL": lost(event(artist="a\0b"), "nul_char"),
    "12 escaped NUL in a key": lost(event(**{"a\0b": 1}), "nul_char"),
    "12 no NUL behind a back-slash": kept(
        event(artist="\\u0000"), values={"artist": ["\\u0000"]}
    ),
    "13 line of 5 MB": lost(event(artist="x" * 5_000_000), "object_over_4MB"),
    "14 line of 20 MB": lost(event(artist="x" * 20_000_000), "object_over_4MB"),
    "15 string of 70 KB": lost(event(artist="x" * 70_000), "too_long", "artist"),
    "15 just the width": kept(
        event(artist="x" * 1024, auth="é" * 16), values={"artist": ["x" * 1024]}
    ),
    "15 a byte more": lost(event(artist="x" * 1025), "too_long", "artist"),
    "15 a byte more in a narrow column": lost(
        event(gender="x" * 17), "too_long", "gender"
    ),
    "15 width is in bytes": lost(
        event(firstName="x" + "é" * 128), "too_long", "firstname"
    ),
    "16 object for a string": lost(event(artist={"a": 1}), "nested_value", "artist"),
    "18 array for a string": lost(event(userId=["8"]), "nested_value", "userid"),
    "17 object for a number": lost(event(ts={"$l": 1}), "wrong_type", "ts"),
    "17 array for a number": lost(event(length=[1]), "wrong_type", "length"),
    "20 'abc' for a number": lost(event(status="abc"), "wrong_type", "status"),
    "44 ISO text for a number": lost(
        event(ts="2018-11-01T21:01:46Z"), "wrong_type", "ts"
    ),
    "19 number as string": kept(
        event(ts="1541106106796", length="203.2", status=" 200 "),
        values={"ts": [1541106106796], "length": [203.2], "status": [200]},
    ),
    "21 missing identity key": lost(without(EVENT, "ts"), "missing_key", "ts"),
    "21 missing other key": kept(
        without(EVENT, "artist", "length"), values={"artist": [None], "length": [None]}
    ),
    "21 other key missing throughout": Case(
        lines_of(
            without(EVENT, "artist", "userId"), without(EVENT | {"ts": 7}, "artist")
        ),
        (1, 2),
        missing_keys="artist",
    ),
    "23 other case": among(
        line({**json.loads(without(EVENT, "sessionId")), "sessionid": 1}),
        rejects=((2, "sessionid", "missing_key"),),
        extra_keys="sessionid",
    ),
    "23 other case of another key": Case(
        line({**json.loads(without(EVENT, "userId")), "userID": "8"}),
        (1,),
        extra_keys="userID",
        missing_keys="userId",
    ),
    "70 key with blank": among(
        line({**json.loads(without(EVENT, "ts")), "ts ": 1}),
        rejects=((2, "ts", "missing_key"),),
        extra_keys="ts ",
    ),
    "22 extra keys": kept(event(city="Oslo", more={"a": [1]}), extra_keys="city, more"),
    "22 forged lineage": kept(
        event(_line=77, _source_uri="log_data/0.json", _load_id=99),
        extra_keys="_line, _load_id, _source_uri",
    ),
    "22 forged lineage in front": kept(
        line({"_source_uri": "log_data/0.json", "_line": 77, **EVENT}),
        extra_keys="_line, _source_uri",
    ),
    "24 top-level array": Case(
        b"[" + E + b"," + F + b"]",
        rejects=((1, None, "top_level_array"),),
    ),
    "25 top-level array over lines": among(
        *(b"[", E + b",", F, b"]"), rejects=((2, None, "top_level_array"),)
    ),
    "26 several objects on a line": among(E + F, E + b" " + F, rows=(2, 2, 3, 3)),
    "27 comma after an object": lost(E + b",", MALFORMED),
    "29 garbage after an object": lost(E + b" x", MALFORMED),
    "27_29 garbage after two objects": lost(E + F + b"]", MALFORMED),
    "28 pretty printed": among(json.dumps(EVENT, indent=2).encode(), rows=(2,)),
    "30 42": lost(b"42", "not_an_object"),
    "30 a string": lost(b'"ts"', "not_an_object"),
    "31 null": lost(b"null", "not_an_object"),
    "32 {}": lost(b"{}", "no_known_key"),
    "32 only foreign keys": among(
        b'{"a":1}', rejects=((2, None, "no_known_key"),), extra_keys="a"
    ),
    "33 gz content named .json": Case(
        gzip.compress(lines_of(E, F, event(ts=33)), mtime=0), (1, 2, 3)
    ),
    "33 gz with a bad line": Case(
        gzip.compress(lines_of(E, b"x", F), mtime=0), (1, 3), ((2, None, MALFORMED),)
    ),
    "33 .json.gz": Case(
        gzip.compress(lines_of(F, E), mtime=0), (1, 2), suffix=".json.gz"
    ),
    "33 .JSON.GZ of two members": Case(
        gzip.compress(E + b"\n", mtime=0) + gzip.compress(F, mtime=0),
        (1, 2),
        suffix=".JSON.GZ",
    ),
    "33 gz of nothing": Case(
        gzip.compress(b"", mtime=0), note="empty", suffix=".json.gz"
    ),
    "33 gz of a BOM": Case(gzip.compress(b"\xef\xbb\xbf" + E, mtime=0), (1,)),
    "34 .gz not gzip": refused(lines_of(E, F, event(ts=34)), "not_gzip", ".json.gz"),
    "35 truncated gz": refused(
        gzip.compress(event(ts=35), mtime=0)[:-12], "bad_gzip", ".json.gz"
    ),
    "35 only the start of a gz": refused(gzip.compress(E, mtime=0)[:5], "bad_gzip"),
    "35 gz with wrong sum": refused(
        gzip.compress(event(ts=36), mtime=0)[:-8] + b"12345678", "bad_gzip"
    ),
    "35 gz with something behind": refused(
        gzip.compress(event(ts=37), mtime=0) + b"x", "bad_gzip"
    ),
    "36 duplicate key": lost(E[:-1] + b',"ts":1}', "duplicate_key"),
    "36 duplicate key behind a blank": lost(
        E.replace(b'"ts":1', b'"ts" :1,"ts":2'), "duplicate_key"
    ),
    "36 duplicate key escaped": lost(
        E.replace(b'"ts":1', b'"ts":1,"\\u0074s" :2'), "duplicate_key"
    ),
    "36 duplicate key beside a blank elsewhere": among(
        event(ts=1).replace(b'"ts":', b'"ts"\t:'),
        event(ts=2)[:-1] + b',"userId":"9"}',
        rows=(2,),
        rejects=((3, None, "duplicate_key"),),
    ),
    "37 ts in seconds": kept(event(ts=1541106106), values={"ts": [1541106106]}),
    "38 ts negative": kept(event(ts=-1), values={"ts": [-1]}),
    "39 ts in the year 5138": kept(event(ts=10**14), values={"ts": [10**14]}),
    "40 fraction": lost(event(ts=1541106107796.5), "not_integral", "ts"),
    "41 integral float": kept(
        event(ts=Spelled("1541106107796.0")), values={"ts": [1541106107796]}
    ),
    "42 integral exponent": kept(
        event(ts=Spelled("1.5E12")), values={"ts": [1500000000000]}
    ),
    "43 beyond BIGINT": lost(event(ts=2**63), "out_of_range", "ts"),
    "43 greatest BIGINT": kept(event(ts=2**63 - 1), values={"ts": [2**63 - 1]}),
    "43 greatest BIGINT as a float": kept(
        event(ts=Spelled("9223372036854775807.0")), values={"ts": [2**63 - 1]}
    ),
    "65 beyond INT": lost(event(status=2**31), "out_of_range", "status"),
    "65 greatest INT": kept(event(status=2**31 - 1), values={"status": [2**31 - 1]}),
    "45 ts null": kept(event(ts=None), values={"ts": [None]}),
    "46 ts ''": kept(event(ts=""), values={"ts": [None]}),
    "47 NaN": lost(event(length=float("nan")), "nan_or_infinity"),
    "48 Infinity": lost(event(length=-float("inf")), "nan_or_infinity"),
    "50 1e400": lost(event(length=Spelled("1e400")), "out_of_range", "length"),
    "49 length null": kept(event(length=None), values={"length": [None]}),
    "49 length negative": kept(event(length=-1.5), values={"length": [-1.5]}),
    "49 length 0": kept(event(length=0), values={"length": [0.0]}),
    "51 userId of all kinds": kept(
        event(userId=""),
        *(event(userId=each) for each in (8, Spelled("8.0"), " 8 ", None, "008")),
        values={"userid": ["", "8", "8.0", " 8 ", None, "008"]},
    ),
    "52 unexpected page": kept(event(page="Nirvana"), values={"page": ["Nirvana"]}),
    "53 nextsong": kept(event(page="nextsong"), values={"page": ["nextsong"]}),
    "54 emoji": kept(event(song="😀"), values={"song": ["😀"]}),
    "55 surrogate pair": kept(
        event(song=Spelled(r'"\ud83d\ude00"')), values={"song": ["😀"]}
    ),
    "56 lone surrogate": lost(event(song=Spelled(r'"\ud83d"')), "lone_surrogate"),
    "56 lone surrogate in a key": lost(E[:-1] + rb',"\udc00":1}', "lone_surrogate"),
    "57 true for INT": lost(event(status=True), "wrong_type", "status"),
    "57 false for a double": lost(event(length=False), "wrong_type", "length"),
    "58 single quotes": lost(b"{'ts': 1}", MALFORMED),
    "66 CSV": among(
        *(b"ts,page", b"1,Home"), rejects=((2, None, MALFORMED), (3, None, MALFORMED))
    ),
    "67 XML error page": among(
        b'<?xml version="1.0"?>',
        b"<Error><Code>AccessDenied</Code></Error>",
        rejects=((2, None, MALFORMED), (3, None, MALFORMED)),
    ),
    "68 binary": among(
        *(b"\x89PNG", b"\0\x01", b"\x1a{"),
        rejects=(
            (2, None, "invalid_utf8"),
            (3, None, "nul_byte"),
            (4, None, MALFORMED),
        ),
    ),
    "59 trailing comma": lost(E[:-1] + b",}", MALFORMED),
    "60 UTF-16 with BOM": refused(lines_of(E, F).decode().encode("utf-16"), "utf16"),
    "60 UTF-16 big-endian": refused(
        b"\xfe\xff" + lines_of(E, F).decode().encode("utf-16-be"), "utf16"
    ),
    "60 UTF-16 without BOM": refused(
        lines_of(E, F).decode().encode("utf-16-le"), "utf16"
    ),
    "60 UTF-16 big-endian without BOM": refused(
        lines_of(E, F).decode().encode("utf-16-be"), "utf16"
    ),
    "60 UTF-16 in gz": refused(
        gzip.compress(E.decode().encode("utf-16"), mtime=0), "utf16"
    ),
    "61 raw newline in a string": among(
        event(song=Spelled('"a\nb"')),
        rejects=((2, None, MALFORMED), (3, None, MALFORMED)),
    ),
    "62 raw tab in a string": lost(event(song=Spelled('"a\tb"')), MALFORMED),
    "63 duplicated event line": kept(E, E, E),
    "64 sessionId 139.0": kept(event(sessionId=139.0), values={"sessionid": [139]}),
    "69 10,000-deep nesting": lost(event(x=DEEP), "too_deep"),
    "71 U+2028 in text": kept(
        event(song="a\u2028b\x85c"), values={"song": ["a\u2028b\x85c"]}
    ),
    "F13 a future date": kept(event(ts=4102444800000), values={"ts": [4102444800000]}),
    "F14 song without song_id": lost(
        without(SONG, "song_id"), "missing_key", "song_id", SONGS
    ),
    "F14 song_id ''": kept(song(song_id=""), table=SONGS, values={"song_id": [""]}),
    "F15 two songs with one song_id": kept(
        *(song(title="a"), song(title="b")), table=SONGS, values={"title": ["a", "b"]}
    ),
    "51 numeric names": kept(
        *(song(artist_name=702, title=Spelled("4.60")), song(title=Spelled("1e5"))),
        table=SONGS,
        values={"artist_name": ["702", "Line Renaud"], "title": ["4.60", "1e5"]},
    ),
}


class Staged:
    """What one load of all cases has made of each; their uris begin with `below`."""

    def __init__(self, contents: Contents, below: str = "") -> None:
        self.contents = contents
        self._below = below

    def of(self, name: str) -> tuple[list[Record], list[Reject], Record]:
        """A file's rows, rejects and its line in the ledger."""
        name = self._below + name
        (told,) = (row for row in self.contents["load_files"] if row["uri"] == name)
        rejects = [
            (row["line"], row["column"], row["reason"])
            for row in self.contents["load_rejects"]
            if row["uri"] == name
        ]
        rows = [
            row
            for table in (EVENTS, SONGS)
            for row in self.contents[table.name]
            if row["_source_uri"] == name
        ]
        return rows, rejects, told


@pytest.fixture(scope="module", params=[intake.SMALL, 1], ids=["small", "large"])
def staged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Staged:
    """All cases in one landing, as small files and as large ones."""
    landing = LandingFiles(tmp_path_factory.mktemp("cases"))
    landing.write("log_data/0.json", EVENT)
    landing.write("song_data/0.json", SONG)
    assert len({case.name for case in CASES.values()}) == len(CASES)
    for case in CASES.values():
        landing.write(case.name, case.content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "SMALL", request.param)
        landing.load(max_rejects="1000")
        landing.check()
    return Staged(landing.contents())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_of_each_bad_input_becomes_what_was_promised(
    case: Case, staged: Staged
) -> None:
    check(case, staged)
    rows, _, _ = staged.of(case.name)
    assert [row["_line"] for row in rows] == list(case.rows)
    of_interest = [row for row in rows if row["_line"] > 1] or rows
    for column, values in case.values.items():
        found = [row[column] for row in of_interest[: len(values)]]
        assert found == values


def check(case: Case, staged: Staged) -> None:
    """Holds what became of a case to what was promised, but for the rows' order."""
    rows, rejects, told = staged.of(case.name)
    assert len(rows) == len(case.rows)
    if case.refused:
        assert rejects == [(None, None, case.refused)]
        assert (told["status"], told["rows_in_file"]) == ("rejected", None)
        assert told["note"]
        return
    assert rejects == list(case.rejects)
    assert told["status"] == "loaded"
    assert told["rows_in_file"] == len(rows) + len(rejects)
    for name in ("note", "extra_keys", "missing_keys"):
        assert told[name] == getattr(case, name), name
    for column, values in case.values.items():
        found = Counter(repr(row[column]) for row in rows)
        assert Counter(map(repr, values)) <= found


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> LandingFiles:
    """A landing that was loaded once, for one file more at a time."""
    landing = LandingFiles(tmp_path_factory.mktemp("alone"))
    landing.write("log_data/0.json", EVENT)
    landing.write("song_data/0.json", SONG)
    landing.load()
    return landing


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.slow
def test_a_few_bad_lines_are_tolerated_and_a_bad_file_is_not(
    case: Case, alone: LandingFiles
) -> None:
    path = alone.write(case.name, case.content)
    try:
        if case.refused:
            told = alone.refusal()
            assert told.startswith(f"{case.name}: ")
            assert f"({case.refused})" in told
            assert "`invoke rejects` shows each; mend the files, or allow" in told
        else:
            (target,) = (
                each for each in alone.load().targets if each.table == case.table
            )
            assert (target.staged, target.rejected) == (
                len(case.rows),
                len(case.rejects),
            )
    finally:
        path.unlink()
