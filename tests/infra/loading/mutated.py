"""Raw files that something happened to: seeded, so that a failure comes again."""

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

from landing_files import EVENT, EVENTS, SONG

from infra.loading.raw_schema import Column, RawTable

Spelled = list[tuple[str, str]]  # keys and values as they stand in a line

VALUES = (
    *("null", "true", "false", "NaN", "-Infinity", "nan", "Null", "", "'a'", "a"),
    *(
        "0",
        "-0",
        "-0.0",
        "0.0",
        "1",
        "007",
        "-01",
        "+1",
        "1.",
        ".5",
        "1.5",
        "-1",
        "--1",
    ),
    *("1e5", "1E+2", "15e-1", "1e400", "-1e400", "1e-400", "0x1", "1_0", "1,5", "1 5"),
    *("999999999", "1000000000", "-999999999", "2147483647", "2147483648"),
    *("-2147483648", "-2147483649", "999999999999999999", "1000000000000000000"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("9007199254740993", "9007199254740993.0", "9007199254740993.5", "9" * 40),
    *("999999999999999", "1000000000000000", "123456789012345.123456789012345678"),
    *("0.1", "0.12345678901234567", "0.123456789012345678", "-123456789012345.5"),
    *("999999999999999.99999999999999999", "0.00000000000000001", "1537144892796.1875"),
    *("18446744073709551615", "18446744073709551616", "139.0", "8.00", "8.10"),
    *('""', '" "', '"8"', '" 8 "', '"8.0"', '"008"', '"abc"', '"1.5"', '"1e5"'),
    *('"null"', '"true"', '"NaN"', '"2018-11-01"', '"a,b:c"', '"{"', '"}\\n{"', '"["'),
    *(r'"\u0000"', r'"a\u0000b"', r'"\\u0000"', r'"\u0001"', r'"\u001F"', r'"\u0019"'),
    *(r'"\ud83d"', r'"\ude00"', r'"\ud83d\ude00"', r'"\uDe00\uD83d"', r'"\ud7ff"'),
    *(r'"\ue000"', r'"\uFFFF"', r'"\u00e9"', r'"\u0041"', r'"\/\b\f\n\r\t\"\\"'),
    *(r'"\x"', r'"\u12"', r'"\u12G4"', r'"\"', r'"\'"', r'"\U0001f600"', '"a"b"'),
    *('"😀"', '"é"', '"e\u0301"', '"\u2028\u0085"', '"\ufeff"', '"\uffff"', '"\x7f"'),
    *('"a\tb"', '"a\nb"', '"a\rb"', '"\x00"', '"\x19"', '"\x1f"', '"\x80"', "\ufeff1"),
    *("{}", "[]", '{"a":1}', "[1,2]", '["8"]', "[" * 600 + "]" * 600, "{", "[", '"'),
)
ENDS = ("\n", "\n", "\n", "\r\n", "\r", "\r\r\n", "\n\n", " \n", "\n \t\n", "\x0b\n")
STRAY = (
    *("{}", "null", "42", "[]", "{", "}", "[", "]", ",", '"', "a,b", "<xml/>", "//"),
    *("\ufeff", "\0", "{'a': 1}", '{"a":1}', "\x0b", "\x0c", "\r", '{"ts":', "}{"),
    *('{"_source_uri":"x.json","_line":7,"ts":1}', '{"_line":1}', '{"a":\n1}', "\\"),
)


def spelled(record: dict[str, Any]) -> Spelled:
    """A record's keys and values as JSON spells them."""
    return [
        (json.dumps(key), json.dumps(value, ensure_ascii=False))
        for key, value in record.items()
    ]


def texts_at_the_width(column: Column) -> list[str]:
    """Texts of just as many bytes as the column takes, and a byte or so more."""
    width = column.width or 30
    fit = [
        *("x" * width, "é" * (width // 2), "音" * (width // 3), "😀" * (width // 4)),
        *("x" * (width - 4) + "😀", "x" + "é" * ((width - 1) // 2), "~" * (width // 4)),
        *(r"\u0041" * width, r"\u00e9" * (width // 2), r"\ud83d\ude00" * (width // 4)),
        *(r"\n" * width, r"\u0041" * (width // 4), r"\u20ac" * (width // 3)),
    ]
    last = {"x": "x", "é": "x", "😀": "é"}
    return [
        f'"{text}{more}"'
        for text in fit
        for more in ("", last.get(text[-1], "x"), "😀")
    ]


def records(rng: random.Random, table: RawTable, number: int) -> list[Spelled]:
    """The records of a good file, no two of them alike."""
    made = []
    for line in range(rng.choice((1, 1, 1, 2, 3, 5))):
        if table is EVENTS:
            song = rng.choice(("Jóga", "音楽", "😀", 'a "b" {c}', "x:y", "", None))
            values = EVENT | {"ts": 10**12 + 100 * number + line, "song": song}
        else:
            values = SONG | {"song_id": f"SO{number}-{line}", "year": 1900 + line}
        made.append(spelled(values))
    return made


# What can happen to the records


def other_value(rng: random.Random, rows: list[Spelled], table: RawTable) -> None:
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    columns = {json.dumps(column.json): column for column in table.raw_columns}
    column = columns.get(row[at][0])
    values = list(VALUES)
    if column and rng.random() < 0.4:
        values = texts_at_the_width(column)
    row[at] = row[at][0], rng.choice(values)


def fitting_value(rng: random.Random, rows: list[Spelled], table: RawTable) -> None:
    """Another value that most columns of its kind take."""
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    old = row[at][1]
    if old.startswith('"'):
        fitting = [value for value in VALUES if value.startswith('"')]
        fitting += [f'"{rng.randrange(10**6)}"', '"-"']
    else:
        fitting = [value for value in VALUES if value[:1] in tuple("-0123456789n")]
        fitting += [str(rng.randrange(-(10**6), 10**9)), repr(rng.gauss(0, 1000))]
    row[at] = row[at][0], rng.choice(fitting)
    assert table.raw_columns


def key_order(rng: random.Random, rows: list[Spelled], _: RawTable) -> None:
    if rng.random() < 0.5:
        rng.shuffle(rng.choice(rows))
    else:
        seed = rng.random()
        for row in rows:
            random.Random(seed).shuffle(row)


def reversed_keys(_: random.Random, rows: list[Spelled], __: RawTable) -> None:
    for row in rows:
        row.sort(reverse=True)


def key_name(rng: random.Random, rows: list[Spelled], _: RawTable) -> None:
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    key = row[at][0]
    names = (
        *(key.upper(), key.lower(), key[:-1] + ' "', '"' + key[2:], f" {key}", '""'),
        *(rf'"\u{ord(key[1]):04x}{key[2:]}', key.strip('"'), '"_line"', '"\\ud800"'),
        *('"_source_uri"', '"_load_id"', '"é"', r'"\u0000"', '"' + "k" * 300 + '"'),
    )
    row[at] = rng.choice(names), row[at][1]


def key_lost(rng: random.Random, rows: list[Spelled], _: RawTable) -> None:
    row = rng.choice(rows)
    del row[rng.randrange(len(row)) :][: rng.choice((1, 1, 3))]


def key_more(rng: random.Random, rows: list[Spelled], _: RawTable) -> None:
    row = rng.choice(rows)
    key = rng.choice(('"city"', '"zip,code"', '"_line"', '"_source_uri"', '"a.b"'))
    row.insert(rng.randrange(len(row) + 1), (key, rng.choice(VALUES)))


def key_twice(rng: random.Random, rows: list[Spelled], _: RawTable) -> None:
    row = rng.choice(rows)
    key, value = rng.choice(row)
    row.insert(rng.randrange(len(row) + 1), (key, rng.choice((value, "1", '"a"'))))


OfRecords = Callable[[random.Random, list[Spelled], RawTable], None]
OF_RECORDS: tuple[OfRecords, ...] = (
    *(other_value, other_value, fitting_value, fitting_value, fitting_value),
    *(key_order, reversed_keys, key_name, key_lost, key_more, key_twice),
)


# How they stand in the file


def written(rng: random.Random, rows: list[Spelled]) -> bytes:
    """The records as lines, in one of the styles that there are."""
    plain = rng.random() < 0.7
    colon, comma = rng.choice((("", ""), (" ", " "), (" ", " ")))
    blanks = ("", "", "", " ", " ", "  ", "\t", "\r", "\n")
    lines = []
    for row in rows:
        text = ""
        for key, value in row:
            if not plain and rng.random() < 0.1:
                colon, comma = rng.choice(blanks), rng.choice(blanks)
            before = rng.choice(blanks) if not plain and rng.random() < 0.02 else ""
            text += (
                f",{comma}{key}{before}:{colon}{value}" if text else f"{key}:{value}"
            )
        lines.append("{" + text + "}")
    end = "\n" if plain else rng.choice(ENDS)
    last = rng.choice(("", end))
    return (end.join(lines) + last).encode(errors="surrogatepass")


# What can happen to a file


def flipped(rng: random.Random, content: bytearray) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def removed(rng: random.Random, content: bytearray) -> None:
    at = rng.randrange(len(content))
    del content[at : at + rng.choice((1, 1, 2, 20, 500))]


def inserted(rng: random.Random, content: bytearray) -> None:
    bits = (*STRAY, *ENDS, *(" ", "\t", ":", "0", "\\"), rng.choice(VALUES))
    stray = rng.choice(bits).encode()
    at = rng.randrange(len(content) + 1)
    content[at:at] = rng.choice((stray, stray, rng.randbytes(3), b"\xed\xa0\x80"))


def at_an_edge(rng: random.Random, content: bytearray) -> None:
    """Something before or behind a line."""
    edges = [0, len(content)]
    edges += [at for at, byte in enumerate(content) if byte == 0x0A]
    edges += [at + 1 for at in edges[2:]]
    at = rng.choice(edges)
    content[at:at] = rng.choice((*STRAY, *ENDS, " ", "\t", "\ufeff")).encode()


def stray_line(rng: random.Random, content: bytearray) -> None:
    lines = bytes(content).split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(STRAY).encode())
    content[:] = b"\n".join(lines)


def cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content)) :]


def line_again(rng: random.Random, content: bytearray) -> None:
    lines = bytes(content).split(b"\n")
    at = rng.randrange(len(lines))
    content[:] = b"\n".join(lines[: at + 1] + lines[at:])


def line_moved(rng: random.Random, content: bytearray) -> None:
    lines = bytes(content).split(b"\n")
    rng.shuffle(lines)
    content[:] = b"\n".join(lines)


def lines_joined(rng: random.Random, content: bytearray) -> None:
    between = rng.choice((b"", b" ", b",", b"\r", b"\t"))
    content[:] = content.replace(b"}\n{", b"}" + between + b"{", rng.choice((1, -1)))


def spread(_: random.Random, content: bytearray) -> None:
    content[:] = content.replace(b',"', b',\n"')


def in_an_array(_: random.Random, content: bytearray) -> None:
    content[:] = b"[" + content.strip().replace(b"\n", b",\n") + b"]"


def trailing_comma(rng: random.Random, content: bytearray) -> None:
    content[:] = content.replace(b"}", rng.choice((b",}", b"},")), 1)


def with_bom(_: random.Random, content: bytearray) -> None:
    content[:] = b"\xef\xbb\xbf" + content


def as_utf16(_: random.Random, content: bytearray) -> None:
    content[:] = content.decode(errors="replace").encode("utf-16")


OfFile = Callable[[random.Random, bytearray], None]
OF_FILE: tuple[OfFile, ...] = (
    *(flipped, flipped, removed, inserted, inserted, at_an_edge, at_an_edge),
    *(stray_line, cut, line_again, line_moved, lines_joined, spread, in_an_array),
    *(trailing_comma, with_bom),
)


def mutated(rng: random.Random, table: RawTable, number: int) -> bytes:
    """A good file to which up to three things happened; some nothing at all."""
    rows = records(rng, table, number)
    for _ in range(rng.choice((0, 1, 1, 2))):
        if all(rows):
            rng.choice(OF_RECORDS)(rng, rows, table)
    content = bytearray(written(rng, rows))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        if content:
            rng.choice(OF_FILE)(rng, content)
    if rng.random() < 0.01:
        as_utf16(rng, content)
    return bytes(content)


def packed(rng: random.Random, content: bytes) -> bytes:
    """The file with gzip, whole or, seldom, without its end."""
    made = gzip.compress(content, mtime=0)
    return made[: rng.randrange(1, len(made))] if rng.random() < 0.2 else made
