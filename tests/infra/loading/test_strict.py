import json

import pytest
from checkout import REPOSITORY
from landing_files import EVENT

from infra.loading.raw_schema import raw_tables
from infra.loading.strict import Strict

EVENTS, SONGS = raw_tables(REPOSITORY)
STRICT = Strict(EVENTS)
WIDTHS = {column.json: column.width for column in EVENTS.raw_columns if column.width}


def is_clean(text: str | bytes) -> bool:
    raw = text if isinstance(text, bytes) else text.encode()
    return STRICT.is_clean(raw, raw.split(b"\n"))


def line(**changes: object) -> str:
    return json.dumps(EVENT | changes)


@pytest.mark.parametrize(
    "text",
    [
        line(),
        json.dumps(EVENT, ensure_ascii=False),
        json.dumps(EVENT, separators=(",", ":")),
        json.dumps(dict(reversed(EVENT.items()))),
        line() + "\r",
        "  " + line() + " \t",
        line(artist=None, length=None, ts=None),
        line(length=200, registration=0),
        line(length=1e5, itemInSession=-0, sessionId=-(2**63), ts=2**63 - 1),
        line(status=2**31 - 1, itemInSession=-(2**31)),
        line(song='[untitled] {x} \\u0041 \\ " ,} : true'),
        line(song="😀" * 256),
        line(song="Ã" * 341, userId="Ã" * 21, level="Ã" * 5),
        line(userId="x" * 21, page="x" * 21),
        line(artist="\x7f\u2028\ufffd"),
    ],
)
def test_a_line_of_plain_values_that_fit_is_clean(text: str) -> None:
    assert is_clean(text)
    assert is_clean("\n".join([line(), text, line()]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{}",
        "null",
        "[" + line() + "]",
        line() + ",",
        line() + line(),
        line()[:-1],
        line()[:-1] + ",}",
        line()[:-1] + ', "extra": null}',
        line().replace('"ts"', '"Ts"'),
        json.dumps({key: EVENT[key] for key in EVENT if key != "ts"}),
        line().replace(str(EVENT["length"]), "NaN"),
        line().replace(str(EVENT["length"]), "1e400"),
        line().replace(str(EVENT["length"]), "-Infinity"),
        line(ts=1543537327796.5),
        line(ts="1543537327796"),
        line(ts=True),
        line(ts=2**63),
        line(status=2**31),
        line(length="long"),
        line(length=[1]),
        line(song=702),
        line(song={"a": 1}),
        line(song=["a"]),
        line(song=True),
        line(song="a\0b"),
        line(song="x" * 1025),
        line(song="😀" * 257),
        line(level="😀" * 5),
        line(gender="x" * 17),
        line(song="x").replace('"x"', '"\\ud800"'),
        line(song="x").replace('"x"', '"\\udc00"'),
        line(song="x").replace('"x"', '"a\tb"'),
        "\ufeff" + line(),
        "// note\n" + line(),
        line().replace('"', "'"),
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert not is_clean(text)
    assert not is_clean("\n".join([line(), text, line()]))


def test_bytes_that_are_no_text_are_not_clean() -> None:
    raw = line(song="x").encode()
    for bad in (b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\0", b"\xf4\x90\x80\x80"):
        assert not is_clean(raw.replace(b'"x"', b'"' + bad + b'"'))


@pytest.mark.parametrize("character", ["x", "Ã", "\u20ac", "😀"])
@pytest.mark.parametrize("name", sorted(WIDTHS))
def test_no_text_passes_that_is_wider_than_its_column(
    name: str, character: str
) -> None:
    width = WIDTHS[name]
    for ascii_only in (True, False):
        passed = [
            count
            for count in range(1, width + 2)
            if is_clean(
                json.dumps(EVENT | {name: character * count}, ensure_ascii=ascii_only)
            )
        ]
        assert passed
        assert len(character.encode()) * max(passed) <= width


def test_songs_have_a_decoder_of_their_own() -> None:
    song = {column.json: None for column in SONGS.raw_columns}
    text = json.dumps(song).encode()
    assert Strict(SONGS).is_clean(text, [text])
    assert not STRICT.is_clean(text, [text])


def test_no_lines_are_clean() -> None:
    assert STRICT.is_clean(b"", [])
