import io
import json
import random
from collections.abc import Callable
from math import isfinite
from typing import Any

import pytest
from checkout import REPOSITORY
from landing_files import EVENT

from infra.loading.careful import (
    MOST_EXTRA_KEYS,
    NAME_BYTES,
    RAW_BYTES,
    Careful,
    Reject,
    Row,
    storable,
)
from infra.loading.lines import LIMIT
from infra.loading.raw_schema import RawTable, raw_tables

EVENTS, SONGS = raw_tables(REPOSITORY)
MALFORMED = "malformed_json"
Told = tuple[int, str, str | None]

PLAY = EVENT
SONG: dict[str, Any] = {
    "num_songs": 1,
    "artist_id": "ARJIE2Y1187B994AB7",
    "artist_latitude": None,
    "artist_longitude": None,
    "artist_location": "",
    "artist_name": "Line Renaud",
    "song_id": "SOUPIRU12A6D4FA1E1",
    "title": "Der Kleine Dompfaff",
    "duration": 152.92036,
    "year": 0,
}


class Spelled(str):
    """JSON that stands in a line as it is."""

    __slots__ = ()


def line(values: dict[str, Any]) -> bytes:
    """An object as a line of JSON without its end."""
    pairs = (
        f"{json.dumps(key)}:"
        + (each if isinstance(each, Spelled) else json.dumps(each, ensure_ascii=False))
        for key, each in values.items()
    )
    return ("{" + ",".join(pairs) + "}").encode()


def event(**changes: Any) -> bytes:  # noqa: ANN401 - a value of any kind
    """An event, with these values in place of the ordinary ones."""
    return line(PLAY | changes)


def song(**changes: Any) -> bytes:  # noqa: ANN401
    return line(SONG | changes)


def without(values: dict[str, Any], *keys: str) -> bytes:
    return line({key: value for key, value in values.items() if key not in keys})


def read(content: bytes, table: RawTable = EVENTS) -> list[Row | Reject]:
    return list(Careful(table).read(io.BytesIO(content)))


def told(content: bytes, table: RawTable = EVENTS) -> list[Told]:
    return [
        (each.line, "row", None)
        if isinstance(each, Row)
        else (each.line, each.reason, each.column)
        for each in read(content, table)
    ]


E, F = event(), event(ts=1541106132796, userId="10")
DEEP = Spelled("[" * 10_000 + "]" * 10_000)


def row(number: int = 1) -> Told:
    return number, "row", None


def no(reason: str, column: str | None = None, number: int = 1) -> Told:
    return number, reason, column


def lines(*each: bytes, end: bytes = b"\n") -> bytes:
    return end.join(each)


# Every kind of input, numbered, and what becomes of it
CASES: dict[str, tuple[bytes, list[Told]]] = {
    "1 truncated last line": (lines(E, F[:-40]), [row(1), no(MALFORMED, number=2)]),
    "2 truncated line in the middle": (
        lines(E, F[:100], F),
        [row(1), no(MALFORMED, number=2), row(3)],
    ),
    "3 empty file": (b"", []),
    "4 only newlines": (b"\n\n\n", []),
    "5 only whitespace": (b"  \t \r\n  ", []),
    "6 BOM": (b"\xef\xbb\xbf" + lines(E, F), [row(1), row(2)]),
    "7 CRLF": (lines(E, F, b"", end=b"\r\n"), [row(1), row(2)]),
    "72 CR only": (lines(E, F, b"", end=b"\r"), [row(1), row(2)]),
    "8 no final newline": (lines(E, F), [row(1), row(2)]),
    "9 blank lines between": (lines(E, b"", b"  ", F), [row(1), row(4)]),
    "10 Latin-1": (
        lines(E, event(artist="Björk").decode().encode("latin-1"), F),
        [row(1), no("invalid_utf8", number=2), row(3)],
    ),
    "11 raw NUL byte": (
        lines(event(artist=Spelled('"a\0b"')), F),
        [no("nul_byte"), row(2)],
    ),
    "12 escaped NUL": (lines(event(artist="a\0b"), F), [no("nul_char"), row(2)]),
    "12 escaped back-slash before u0000": (event(artist="\\u0000"), [row()]),
    "13 line of 5 MB": (
        lines(event(artist="x" * 5_000_000), F),
        [no("object_over_4MB"), row(2)],
    ),
    "14 line of 40 MB": (
        lines(E, event(artist="x" * 40_000_000), F),
        [row(1), no("object_over_4MB", number=2), row(3)],
    ),
    "15 string of 70 KB": (
        lines(event(artist="x" * 70_000), F),
        [no("too_long", "artist"), row(2)],
    ),
    "15 width is in bytes": (
        lines(event(artist="é" * 512), event(artist="é" * 513)),
        [row(1), no("too_long", "artist", 2)],
    ),
    "16 object for a string": (event(artist={"a": 1}), [no("nested_value", "artist")]),
    "18 array for a string": (event(userId=["8"]), [no("nested_value", "userid")]),
    "17 object for a number": (event(ts={"$l": 1}), [no("wrong_type", "ts")]),
    "17 array for a number": (event(length=[1]), [no("wrong_type", "length")]),
    "20 word for a number": (event(status="abc"), [no("wrong_type", "status")]),
    "20 word for a double": (event(length="abc"), [no("wrong_type", "length")]),
    "44 ISO text for a number": (
        event(ts="2018-11-01T21:01:46Z"),
        [no("wrong_type", "ts")],
    ),
    "19 number as string": (
        event(ts="1541106106796", length="203.2", status=" 200 "),
        [row()],
    ),
    "21 missing identity key": (without(PLAY, "ts"), [no("missing_key", "ts")]),
    "21 missing other key": (without(PLAY, "artist", "length"), [row()]),
    "23 other case": (
        line({**json.loads(without(PLAY, "sessionId")), "sessionid": 1}),
        [no("missing_key", "sessionid")],
    ),
    "70 key with blank": (
        line({**json.loads(without(PLAY, "ts")), "ts ": 1}),
        [no("missing_key", "ts")],
    ),
    "22 extra keys": (event(city="Oslo", more={"a": [1]}), [row()]),
    "24 top-level array": (b"[" + E + b"," + F + b"]", [no("top_level_array")]),
    "25 top-level array over lines": (
        lines(b"[", E + b",", F, b"]", F),
        [no("top_level_array"), row(5)],
    ),
    "26 several objects on a line": (
        lines(E + F, E + b" " + F),
        [row(1), row(1), row(2), row(2)],
    ),
    "27 comma after an object": (lines(E + b",", F), [no(MALFORMED), row(2)]),
    "29 garbage after an object": (lines(E + b" x", F), [no(MALFORMED), row(2)]),
    "28 pretty printed": (
        lines(json.dumps(PLAY, indent=2).encode(), F),
        [row(1), row(21)],
    ),
    "30 42": (lines(b"42", F), [no("not_an_object"), row(2)]),
    "31 null": (lines(b"null", F), [no("not_an_object"), row(2)]),
    "32 {}": (lines(b"{}", F), [no("no_known_key"), row(2)]),
    "32 only foreign keys": (lines(b'{"a":1}', F), [no("no_known_key"), row(2)]),
    "36 duplicate key": (event(**{"x\\": 1})[:-1] + b',"ts":1}', [no("duplicate_key")]),
    "37 ts in seconds": (event(ts=1541106106), [row()]),
    "38 negative ts": (event(ts=-1), [row()]),
    "39 ts in the year 5138": (event(ts=10**14), [row()]),
    "40 fraction": (event(ts=1541106107796.5), [no("not_integral", "ts")]),
    "40 fraction in a string": (event(ts="1.5"), [no("not_integral", "ts")]),
    "41 integral float": (event(ts=Spelled("1541106107796.0")), [row()]),
    "42 integral exponent": (event(ts=Spelled("1.5E12")), [row()]),
    "43 beyond BIGINT": (event(ts=2**63), [no("out_of_range", "ts")]),
    "43 far beyond BIGINT": (event(ts=-(10**30)), [no("out_of_range", "ts")]),
    "43 beyond 4,300 digits": (
        event(ts=Spelled("9" * 5000)),
        [no("out_of_range", "ts")],
    ),
    "65 beyond INT": (event(status=2**31), [no("out_of_range", "status")]),
    "45 ts null": (event(ts=None), [row()]),
    "46 ts ''": (event(ts=""), [row()]),
    "47 NaN": (event(length=float("nan")), [no("nan_or_infinity")]),
    "48 Infinity": (event(length=-float("inf")), [no("nan_or_infinity")]),
    "50 1e400": (event(length=Spelled("1e400")), [no("out_of_range", "length")]),
    "50 1e400 for a whole number": (
        event(ts=Spelled("-1e400")),
        [no("out_of_range", "ts")],
    ),
    "50 1e400 in a string": (event(length="1e400"), [no("out_of_range", "length")]),
    "50 1e400 under a foreign key": (event(x=Spelled("1e400")), [row()]),
    "49 length null, negative, 0": (
        lines(event(length=None), event(length=-1.5), event(length=0)),
        [row(1), row(2), row(3)],
    ),
    "51 userId of all kinds": (
        lines(*(event(userId=each) for each in ("", 8, 8.0, " 8 ", None, "008"))),
        [row(number) for number in range(1, 7)],
    ),
    "52 unexpected page": (event(page="Nirvana"), [row()]),
    "53 nextsong": (event(page="nextsong"), [row()]),
    "54 emoji": (event(song="😀"), [row()]),
    "55 surrogate pair": (event(song=Spelled(r'"\ud83d\ude00"')), [row()]),
    "56 lone surrogate": (
        lines(event(song=Spelled(r'"\ud83d"')), F),
        [no("lone_surrogate"), row(2)],
    ),
    "56 lone surrogate in a key": (
        lines(E[:-1] + rb',"\udc00":1}', F),
        [no("lone_surrogate"), row(2)],
    ),
    "57 true for INT": (event(status=True), [no("wrong_type", "status")]),
    "57 false for a double": (event(length=False), [no("wrong_type", "length")]),
    "58 single quotes": (lines(b"{'ts': 1}", F), [no(MALFORMED), row(2)]),
    "66 CSV": (lines(b"ts,page", b"1,Home"), [no(MALFORMED), no(MALFORMED, number=2)]),
    "67 XML error page": (
        lines(b"<?xml?>", b"<Error/>"),
        [no(MALFORMED), no(MALFORMED, number=2)],
    ),
    "68 binary": (
        b"\x89PNG\r\n\x1a\n\0\x01",
        [no("invalid_utf8"), no(MALFORMED, number=2), no("nul_byte", number=3)],
    ),
    "59 trailing comma": (lines(E[:-1] + b",}", F), [no(MALFORMED), row(2)]),
    "61 raw newline in a string": (
        lines(event(song=Spelled('"a\nb"')), F),
        [no(MALFORMED), no(MALFORMED, number=2), row(3)],
    ),
    "62 raw tab in a string": (
        lines(event(song=Spelled('"a\tb"')), F),
        [no(MALFORMED), row(2)],
    ),
    "63 duplicated event line": (lines(E, E), [row(1), row(2)]),
    "64 sessionId 139.0": (event(sessionId=139.0), [row()]),
    "69 nested 10,000 deep": (lines(event(x=DEEP), F), [no("too_deep"), row(2)]),
    "71 U+2028 in text": (event(song="a\u2028b\x85c"), [row()]),
}
SONG_CASES: dict[str, tuple[bytes, list[Told]]] = {
    "F14 song without song_id": (
        without(SONG, "song_id"),
        [no("missing_key", "song_id")],
    ),
    "F14 song_id ''": (song(song_id=""), [row()]),
    "18 array for a title": (song(title=[]), [no("nested_value", "title")]),
    "8 a song": (song(), [row()]),
    "51 numeric names": (song(artist_name=702, title=Spelled("4.60")), [row()]),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
def test_of_each_bad_input_becomes_what_was_promised(
    content: bytes, expected: list[Told]
) -> None:
    assert told(content) == expected
    assert_storable(read(content))


@pytest.mark.parametrize(("content", "expected"), SONG_CASES.values(), ids=SONG_CASES)
def test_of_each_bad_song_becomes_what_was_promised(
    content: bytes, expected: list[Told]
) -> None:
    assert told(content, SONGS) == expected


# Values


def value(key: str, each: object, table: RawTable = EVENTS) -> Any:  # noqa: ANN401
    """What becomes of a value of an otherwise good object: itself or a reason."""
    values = (PLAY if table is EVENTS else SONG) | {key: each}
    (result,) = read(line(values), table)
    if isinstance(result, Row):
        assert result.values.keys() == values.keys()
        return result.values[key]
    assert result.column == key.lower()
    return result.reason


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (" 8 ", " 8 "),
        ("008", "008"),
        (8, "8"),
        (Spelled("8.0"), "8.0"),
        (Spelled("4.60"), "4.60"),
        (Spelled("-0"), "-0"),
        (Spelled("1E5"), "1E5"),
        (Spelled("1e400"), "1e400"),
        (Spelled("123456789012345678901234567890"), "123456789012345678901234567890"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ({}, "nested_value"),
        ([], "nested_value"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "too_long"),
        ("é" * 32, "é" * 32),
        ("é" * 33, "too_long"),
        ("😀" * 16, "😀" * 16),
        ("😀" * 17, "too_long"),
        (Spelled("1" * 65), "too_long"),
    ],
)
def test_text_is_kept_and_numbers_in_its_place_as_they_are_spelled(
    given: object, kept: object
) -> None:
    assert value("userId", given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (0, 0),
        (-(2**31), -(2**31)),
        (2**31 - 1, 2**31 - 1),
        (2**31, "out_of_range"),
        (-(2**31) - 1, "out_of_range"),
        (200.0, 200),
        (Spelled("2e2"), 200),
        (Spelled("-0.0"), 0),
        (200.5, "not_integral"),
        (1e300, "out_of_range"),
        ("200", 200),
        (" -200 ", -200),
        ("007", 7),
        ("200.", 200),
        ("200.00", 200),
        ("200.5", "not_integral"),
        ("9" * 5000, "out_of_range"),
        ("0" * 5000 + "9", 9),
        ("", None),
        (" \t", None),
        ("+5", "wrong_type"),
        ("1e3", "wrong_type"),
        ("0x10", "wrong_type"),
        ("1_000", "wrong_type"),
        ("٣", "wrong_type"),
        ("-", "wrong_type"),
        (True, "wrong_type"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
        (None, None),
    ],
)
def test_a_whole_number_is_one_or_is_rejected(given: object, kept: object) -> None:
    found = value("status", given)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (2**63, "out_of_range"),
        (2**64 - 1, "out_of_range"),
        (2**64, "out_of_range"),
        (-(2**63) - 1, "out_of_range"),
        (Spelled("9223372036854775807.0"), 2**63 - 1),
        (Spelled("9223372036854775808.0"), "out_of_range"),
        (Spelled("9007199254740993.0"), 2**53 + 1),
        (Spelled("9007199254740993.5"), "not_integral"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775807.0", 2**63 - 1),
        ("9223372036854775808", "out_of_range"),
    ],
)
def test_a_long_whole_number_loses_no_digit(given: object, kept: object) -> None:
    assert value("ts", given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1.5, 1.5),
        (200, 200.0),
        (2**64, 2.0**64),
        (Spelled("1e-400"), 0.0),
        (Spelled("1e400"), "out_of_range"),
        (Spelled("-1e400"), "out_of_range"),
        (Spelled("9" * 400), "out_of_range"),
        (Spelled("9" * 300), float("9" * 300)),
        ("1.5", 1.5),
        (" 1.5e2 ", 150.0),
        ("-3", -3.0),
        ("1e400", "out_of_range"),
        ("9" * 5000, "out_of_range"),
        ("", None),
        ("  ", None),
        ("nan", "wrong_type"),
        ("inf", "wrong_type"),
        ("Infinity", "wrong_type"),
        ("1_0", "wrong_type"),
        ("0x1p3", "wrong_type"),
        (".", "wrong_type"),
        ("1,5", "wrong_type"),
        (True, "wrong_type"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
        (None, None),
    ],
)
def test_a_number_is_finite_or_rejected(given: object, kept: object) -> None:
    found = value("length", given)
    assert found == kept
    assert type(found) is type(kept)


def test_numbers_in_place_of_names_keep_their_spelling() -> None:
    content = song(artist_name=702, title=Spelled("4.60"), song_id=Spelled("1e2"))
    (result,) = read(content, SONGS)
    assert isinstance(result, Row)
    kept = {"artist_name": "702", "title": "4.60", "song_id": "1e2"}
    assert result.values == SONG | kept


def test_another_number_out_of_range_changes_nothing_else() -> None:
    (result,) = read(event(x=Spelled("[1e400]")))
    assert isinstance(result, Row)
    assert result.values == PLAY
    assert {type(each) for each in result.values.values()} == {str, int, float}


def test_the_first_column_at_fault_is_named_whatever_the_order_of_keys() -> None:
    bad = PLAY | {"userId": [], "status": "x", "gender": {}}
    for values in (bad, dict(reversed(bad.items()))):
        assert told(line(values)) == [no("nested_value", "gender")]
    assert told(without(bad, "itemInSession", "gender")) == [
        no("missing_key", "iteminsession")
    ]
    assert told(without(bad, "ts", "gender")) == [no("wrong_type", "status")]


def test_keys_that_are_not_there_stay_away() -> None:
    content = line({"ts": 1, "itemInSession": 0, "sessionId": 2, "x": 3})
    (result,) = read(content)
    assert result == Row(1, {"ts": 1, "itemInSession": 0, "sessionId": 2})


def test_a_deep_object_is_judged_the_same_however_it_is_looked_at() -> None:
    for depth in (400, 600, 1000, 1100):
        nested = Spelled("[" * depth + "]" * depth)
        results = told(event(x=nested, userId=8))
        assert results == [row() if depth < 500 else no("too_deep", results[0][2])]


# Rejects


def test_a_reject_says_what_is_wrong() -> None:
    messages = {
        event(status="abc"): "'abc' is no whole number",
        event(status=2.5): "2.5 is no whole number",
        event(status=2**31): "2147483648 is not between -2147483648 and 2147483647",
        event(length=[1]): "an array is no number",
        event(length=Spelled("1e400")): "beyond the range of a double",
        event(artist={}): "an object in place of a text",
        event(level="x" * 17): "17 bytes, the column takes 16",
        event(status="y" * 3_000_000): f"'{'y' * 57}...' is no whole number",
        without(PLAY, "ts"): "the key ts is not there",
        b"{}": "the object has no key that the table knows",
    }
    found = {content: read(content)[0] for content in messages}
    assert {
        content: each.message
        for content, each in found.items()
        if isinstance(each, Reject)
    } == messages


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"abc", "abc"),
        (b"a\0b", r"a\x00b"),
        (b"\xff", r"\xff"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        ("é\n".encode(), "é\n"),
        (b"x" * 5000, "x" * RAW_BYTES),
        (b"\xff" * 5000, r"\xff" * (RAW_BYTES // 4)),
        (b"\0" * 5000, r"\x00" * (RAW_BYTES // 4)),
        ("é".encode() * 5000, "é" * (RAW_BYTES // 2)),
        (b"x" + "é".encode() * 5000, "x" + "é" * (RAW_BYTES // 2 - 1)),
        ("😀".encode() * 5000, "😀" * (RAW_BYTES // 4)),
        (b"xxx" + "😀".encode() * 5000, "xxx" + "😀" * (RAW_BYTES // 4 - 1)),
    ],
)
def test_raw_text_is_cut_and_made_storable(raw: bytes, text: str) -> None:
    assert storable(raw) == text


def test_a_reject_keeps_the_text_of_its_object_only() -> None:
    (first, second) = read(event(status="x") + b"  " + event(status="y"))
    assert isinstance(first, Reject)
    assert isinstance(second, Reject)
    assert first.raw == event(status="x").decode()
    assert second.raw == event(status="y").decode()


# Keys


def test_keys_are_told_once_all_is_read() -> None:
    careful = Careful(EVENTS)
    content = lines(
        line({"ts": None, "Ts": 1}),
        line({"ts": 1, "itemInSession": 1, "sessionId": 1, "city": 1}),
        line({"page": [], "city": 1, "zip": 1}),
        line({"foreign": 1}),
        b'{"lost": 1,',
    )
    assert len(list(careful.read(io.BytesIO(content)))) == 5
    assert careful.seen_keys == {"ts", "itemInSession", "sessionId", "page"}
    assert careful.extra_keys == {"Ts", "city", "zip", "foreign"}


def test_keys_of_many_shapes_are_bounded() -> None:
    careful = Careful(EVENTS)
    keys = [f"{number}{'é' * 5000}" for number in range(2 * MOST_EXTRA_KEYS)]
    content = lines(*(line({"ts": 1, key: 1}) for key in keys), line({"page": 1}))
    assert len(list(careful.read(io.BytesIO(content)))) == len(keys) + 1
    assert len(careful.extra_keys) == MOST_EXTRA_KEYS
    assert all(len(key.encode()) <= NAME_BYTES for key in careful.extra_keys)
    assert careful.seen_keys == {"ts", "page"}


def test_a_reader_may_be_used_for_file_after_file() -> None:
    careful = Careful(EVENTS)
    for content, number in ((lines(E, F), 2), (b"\n" + E, 1), (b"", 0)):
        assert len(list(careful.read(io.BytesIO(content)))) == number
    assert careful.seen_keys == set(PLAY)


# Mutations


def assert_storable(results: list[Row | Reject], table: RawTable = EVENTS) -> None:
    columns = {column.json: column for column in table.raw_columns}
    for each in results:
        texts = each[1:] if isinstance(each, Reject) else each.values.values()
        for text in texts:
            if isinstance(text, str):
                assert b"\0" not in text.encode()
        if isinstance(each, Reject):
            assert len(each.raw.encode()) <= RAW_BYTES
            assert len(each.message) < 200
            assert each.column is None or each.column in {
                column.name for column in columns.values()
            }
            continue
        for key, content in each.values.items():
            column = columns[key]
            if content is None:
                continue
            if column.limits:
                assert type(content) is int
                assert column.limits[0] <= content <= column.limits[1]
            elif column.kind == "number":
                assert type(content) is float
                assert isfinite(content)
            else:
                assert type(content) is str
                assert len(content.encode()) <= (column.width or LIMIT)


def good(rng: random.Random, table: RawTable) -> list[bytes]:
    """Lines of a good file, no two of them alike."""
    names = ("Björk", "音楽", "😀", 'a "b" {c}', "x:y", "]", "\\", "nan", "")
    made = []
    for number in range(rng.randint(1, 12)):
        if table is EVENTS:
            changes = {
                "ts": 1541106106796 + number,
                "song": rng.choice(names),
                "length": rng.choice((None, 200.5, 1.0)),
            }
            made.append(line(PLAY | changes))
        else:
            changes = {"song_id": f"SO{number}", "title": rng.choice(names)}
            made.append(line(SONG | changes))
    return made


def flip(rng: random.Random, content: bytearray) -> None:
    at = rng.randrange(len(content))
    content[at] ^= 1 << rng.randrange(8)


def delete(rng: random.Random, content: bytearray) -> None:
    at = rng.randrange(len(content))
    del content[at : at + rng.choice((1, 1, 2, 20, 500))]


def insert(rng: random.Random, content: bytearray) -> None:
    bits = (
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b",",
            b":",
            b"\\",
            b"\n",
            b"\r",
            b"\0",
            b"\xff",
        ),
        *(b"{\n", b"[\n", b"\n]", b'{"a":\n', b"1e400", b"NaN", rb"\u0000", rb"\ud800"),
        rng.randbytes(5),
    )
    at = rng.randrange(len(content) + 1)
    content[at:at] = rng.choice(bits)


def cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def repeat_line(rng: random.Random, content: bytearray) -> None:
    each = content.split(b"\n")
    at = rng.randrange(len(each))
    content[:] = b"\n".join(each[: at + 1] + each[at:])


def swap_halves(rng: random.Random, content: bytearray) -> None:
    at = rng.randrange(len(content))
    content[:] = content[at:] + content[:at]


def empty_lines(rng: random.Random, content: bytearray) -> None:
    content[:] = content.replace(b"\n", rng.choice((b"\n\n", b"\r\n", b"\r", b"")))


Mutation = Callable[[random.Random, bytearray], None]
MUTATIONS: tuple[Mutation, ...] = (
    *(flip, flip, delete, delete, insert, insert, insert),
    *(cut, repeat_line, swap_halves, empty_lines),
)


@pytest.mark.parametrize("table", [EVENTS, SONGS], ids=["events", "songs"])
@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_to_a_file_nothing_disappears(
    seed: int, table: RawTable
) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        intact = good(rng, table)
        content = bytearray(b"\n".join(intact))
        for _ in range(rng.randint(1, 4)):
            if content:
                rng.choice(MUTATIONS)(rng, content)
        assert_nothing_disappears(bytes(content), set(intact), table)


def assert_nothing_disappears(
    content: bytes, intact: set[bytes], table: RawTable
) -> None:
    results = read(content, table)
    assert_storable(results, table)
    mutated = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    numbers = [each.line for each in results]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= len(mutated) for number in numbers)
    assert all(mutated[number - 1].strip() for number in numbers)
    rows = {each.line: each for each in results if isinstance(each, Row)}
    around = [b"", *mutated, b""]
    for number, text in enumerate(mutated, start=1):
        before, after = around[number - 1], around[number + 1]
        if text in intact and {before, after} <= intact | {b""}:
            assert rows[number].values == json.loads(text)
            assert numbers.count(number) == 1
