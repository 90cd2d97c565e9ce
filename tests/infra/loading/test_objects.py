import io
import json
import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.loading import judging, lines
from infra.loading import objects as module
from infra.loading.judging import TOKEN, Broken, Found, as_written
from infra.loading.lines import BLANK, LIMIT
from infra.loading.objects import objects

A, B, C = b'{"a":1}', b'{"b":2}', b'{"c":3}'
MALFORMED = "malformed_json"
Expected = list[tuple[int, Any]]


def read(content: bytes) -> list[Found | Broken]:
    return list(objects(io.BytesIO(content)))


def told(content: bytes) -> Expected:
    """Line and values of each object, line and reason of all else."""
    return [
        (each.line, each.values if isinstance(each, Found) else each.reason)
        for each in read(content)
    ]


def broken(content: bytes) -> Broken:
    (only,) = read(content)
    assert isinstance(only, Broken)
    return only


def padded(size: int) -> bytes:
    """An object of just this size."""
    return b'{"a":"%s"}' % (b"x" * (size - len(b'{"a":""}')))


class Dribble(io.BytesIO):
    """A stream that gives a byte or three at a time, as a socket may."""

    def __init__(self, content: bytes, seed: int) -> None:
        super().__init__(content)
        self.random = random.Random(seed)

    def read(self, size: int | None = -1, /) -> bytes:
        most = sys.maxsize if size is None or size < 0 else size
        return super().read(min(most, self.random.randint(1, 3)))


# Lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n\n", []),
        (b" \t\r\n\x0b\x0c", []),
        (A, [1]),
        (A + b"\n" + B, [1, 2]),
        (A + b"\n" + B + b"\n", [1, 2]),
        (A + b"\r\n" + B + b"\r\n", [1, 2]),
        (A + b"\r" + B + b"\r", [1, 2]),
        (A + b"\r\r\n" + B, [1, 3]),
        (A + b"\n\r" + B, [1, 3]),
        (b"\n\r\n\r" + A, [4]),
        (b"\n \n" + A + b"\n\n\x0b\x0c" + B + b" \t\n\n", [3, 5]),
        (b"\xef\xbb\xbf" + A + b"\n" + B, [1, 2]),
        (b"\xef\xbb\xbf\n" + A, [2]),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_lines_are_counted_whatever_ends_them(content: bytes, lines: list[int]) -> None:
    assert [each.line for each in read(content)] == lines
    assert all(isinstance(each, Found) for each in read(content))
    dribbled = objects(Dribble(content, seed=1))
    assert list(dribbled) == read(content)


def test_a_bom_is_only_one_at_the_start() -> None:
    bom = b"\xef\xbb\xbf"
    assert told(bom + A + b"\n" + bom + B) == [(1, {"a": 1}), (2, MALFORMED)]
    assert told(bom + bom + A) == [(1, MALFORMED)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 64])
def test_a_line_may_lie_across_any_number_of_reads(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"\r\n".join([A, b"", B + C, b'{"c":\r\n"x"}', b"rubbish", A]) + b"\r"
    whole = read(content)
    monkeypatch.setattr(lines, "_CHUNK", size)
    assert read(content) == whole


# Several objects on a line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (A + B, [{"a": 1}, {"b": 2}]),
        (A + b" \t " + B + C, [{"a": 1}, {"b": 2}, {"c": 3}]),
        (A + b"\x0b" + B, [{"a": 1}, {"b": 2}]),
        (b'{"a":"}{"}{"b":"\\"{"}', [{"a": "}{"}, {"b": '"{'}]),
        (A + b'{"b":1e400}', [{"a": 1}, {"b": float("inf")}]),
        (A + b'{"b":1,"b":2}' + C, [{"a": 1}, "duplicate_key", {"c": 3}]),
        (A + b",", [MALFORMED]),
        (A + b"," + B, [MALFORMED]),
        (A + b" x", [MALFORMED]),
        (b"x " + A, [MALFORMED]),
        (A + b" 42", [MALFORMED]),
        (b"42 " + A, [MALFORMED]),
        (A + b"[]", [MALFORMED]),
        (b"[]" + A, [MALFORMED]),
        (A + b'{"b":', [MALFORMED]),
        (A + b'{"b', [MALFORMED]),
        (A + b"}", [MALFORMED]),
        (A + b'{"b":x}', [MALFORMED]),
        (A + b'{"b":NaN}', [MALFORMED]),
    ],
)
def test_a_line_is_objects_and_nothing_else_or_rejected_whole(
    line: bytes, expected: list[Any]
) -> None:
    content = A + b"\n" + line + b"\n" + C
    middle = [(2, each) for each in expected]
    assert told(content) == [(1, {"a": 1}), *middle, (3, {"c": 3})]


def test_a_line_that_is_rejected_whole_keeps_its_text() -> None:
    assert broken(A + b" , x ").raw == A + b" , x"


# Objects on several lines


PRETTY = json.dumps({"a": [1, {"b": "}"}], "c": {}}, indent=2).encode()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b" \n\n\t"])
def test_an_object_may_spread_over_lines(end: bytes) -> None:
    content = end.join([A, *PRETTY.split(b"\n"), B])
    step = 2 if b"\n\n" in end else 1
    value = json.loads(PRETTY)
    last = 1 + step * (1 + len(PRETTY.split(b"\n")))
    assert told(content) == [(1, {"a": 1}), (1 + step, value), (last, {"b": 2})]


def test_the_text_of_an_object_has_no_line_ends() -> None:
    (found,) = read(PRETTY)
    assert isinstance(found, Found)
    assert b"\n" not in found.text
    assert orjson.loads(found.text) == found.values == json.loads(PRETTY)


TRUNCATED = [
    b'{"x":1',
    b'{"x":1,',
    b'{"x":',
    b'{"x"',
    b'{"x',
    b"{",
    b'{"x":[',
    b'{"x":[1,',
    b'{"x":[1',
    b'{"x":{',
    b'{"x":{"y":',
    b'{"x":[{"y":1},',
    b'{"x":"y\\',
    b'{"x":"\xc3',
    b"[",
    b"[1,",
    b'["',
    b"[" + B,
    b"[" + B + b",",
    b"[[[",
]


@pytest.mark.parametrize("line", TRUNCATED, ids=repr)
@pytest.mark.parametrize("following", [1, 2, 3])
def test_a_truncated_line_costs_nothing_but_itself(line: bytes, following: int) -> None:
    content = b"\n".join([A, line, *[C] * following])
    results = told(content)
    rest = [(3 + number, {"c": 3}) for number in range(following)]
    assert results == [(1, {"a": 1}), (2, results[1][1]), *rest]
    assert isinstance(results[1][1], str)


@pytest.mark.parametrize("line", TRUNCATED, ids=repr)
def test_a_truncated_line_costs_no_line_with_several_objects(line: bytes) -> None:
    results = told(line + b"\n" + B + C + b"\n" + A)
    assert results[1:] == [(2, {"b": 2}), (2, {"c": 3}), (3, {"a": 1})]


@pytest.mark.parametrize("cut", range(1, len(PRETTY.split(b"\n"))))
def test_a_truncated_spread_object_costs_each_of_its_lines(cut: int) -> None:
    lines = PRETTY.split(b"\n")[:cut]
    results = told(b"\n".join([*lines, B, A]))
    assert results[-2:] == [(cut + 1, {"b": 2}), (cut + 2, {"a": 1})]
    assert [line for line, _ in results] == list(range(1, cut + 3))


def test_a_spread_object_ends_where_another_starts() -> None:
    content = b'{\n"a":1,\n{\n"b":2\n}\n'
    assert told(content) == [(1, MALFORMED), (2, MALFORMED), (3, {"b": 2})]


def test_a_line_end_in_a_string_breaks_both_halves() -> None:
    content = b'{"a":"x\ny"}\n' + B + b'\n{\n"a":"x\ny"\n}\n' + C
    assert told(content) == [
        *((1, MALFORMED), (2, MALFORMED), (3, {"b": 2})),
        *((4, MALFORMED), (5, MALFORMED), (6, MALFORMED), (7, MALFORMED)),
        (8, {"c": 3}),
    ]


def test_balanced_brackets_that_are_not_json_are_one_reject() -> None:
    content = b'{\n"a": 1,\n\n}\n' + B + b"\n{\n]\n" + C
    assert told(content) == [
        *((1, MALFORMED), (5, {"b": 2}), (6, MALFORMED), (8, {"c": 3}))
    ]
    first = read(content)[0]
    assert isinstance(first, Broken)
    assert first.raw == b'{\n"a": 1,\n\n}'


def test_text_behind_a_spread_object_breaks_all_of_it() -> None:
    content = b'{"a":\n1} ' + B + b"\n" + C
    assert told(content) == [(1, MALFORMED), (3, {"c": 3})]


def test_a_spread_object_that_the_file_ends_in_is_given_up() -> None:
    content = b'{"a":\n\n[1,\n2'
    assert told(content) == [(1, MALFORMED), (3, MALFORMED), (4, "not_an_object")]


# Arrays


@pytest.mark.parametrize(
    "array",
    [
        b"[]",
        b"[1]",
        b"[" + A + b"," + B + b"]",
        b"[\n" + A + b",\n" + B + b"\n]",
        b"[\n\n]",
        b'[\n {\n  "a": 1\n },\n {\n  "b": 2\n }\n]',
    ],
)
def test_an_array_is_one_reject(array: bytes) -> None:
    line = 2 + array.count(b"\n") + 1
    assert told(A + b"\n" + array + b"\n" + B) == [
        (1, {"a": 1}),
        (2, "top_level_array"),
        (line, {"b": 2}),
    ]


def test_lines_of_an_array_that_never_ends_are_read_by_themselves() -> None:
    content = b"[\n" + A + b",\n" + B + b'\n\n,{\n"c":3}'
    assert told(content) == [
        *((1, MALFORMED), (2, MALFORMED), (3, {"b": 2})),
        *((5, MALFORMED), (6, MALFORMED)),
    ]
    spread = b'[\n{\n"a":1}\n{\n"b":2}\n[\n]'
    assert told(spread) == [
        *((1, MALFORMED), (2, {"a": 1}), (4, {"b": 2}), (6, "top_level_array"))
    ]


# Size


def test_an_object_of_4_mb_is_taken() -> None:
    (found,) = read(padded(LIMIT))
    assert isinstance(found, Found)
    assert len(found.text) == LIMIT


@pytest.mark.parametrize("size", [LIMIT + 1, 5_000_000, 20_000_000])
def test_a_longer_line_is_dropped_and_the_next_one_read(size: int) -> None:
    content = A + b"\n" + padded(size) + b"\n" + B
    assert told(content) == [(1, {"a": 1}), (2, "object_over_4MB"), (3, {"b": 2})]
    long = read(content)[1]
    assert isinstance(long, Broken)
    assert long.raw.startswith(b'{"a":"xxx')
    assert len(long.raw) < 100_000


def test_blanks_count_for_a_line_s_length_unless_there_is_nothing_else() -> None:
    blank = b" " * (LIMIT + 1)
    over = "object_over_4MB"
    content = b"\n".join([blank, blank + A, A + blank, B])
    assert told(content) == [(2, over), (3, over), (4, {"b": 2})]


def test_a_spread_object_that_ends_too_late_is_one_reject() -> None:
    content = b'{"a":\n"%s",\n"b":"%s"}\n' % (b"x" * 3_000_000, b"y" * 3_000_000) + C
    assert told(content) == [(1, "object_over_4MB"), (4, {"c": 3})]


def test_a_spread_object_without_end_is_given_up_at_4_mb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for each in (lines, judging, module):
        monkeypatch.setattr(each, "LIMIT", 4000)
    unfinished = b'{"a":[\n' + b"1,\n" * 1500
    results = told(unfinished + C)
    assert [line for line, _ in results] == list(range(1, 1503))
    assert {result for _, result in results[:-1]} == {MALFORMED}
    assert results[-1][1] == {"c": 3}
    # It is not waited for: what could have ended it does not
    late = told(unfinished + b"1]}\n" + C)
    assert late[-2:] == [(1502, MALFORMED), (1503, {"c": 3})]


# Reasons


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a":1,}', MALFORMED),
        (b'{"a":[1,]}', MALFORMED),
        (b"{'a':1}", MALFORMED),
        (b"a,b,c", MALFORMED),
        (b"<Error/>", MALFORMED),
        (b'{"a":01}', MALFORMED),
        (b'{"a":+1}', MALFORMED),
        (b'{"a":nano}', MALFORMED),
        (b'{"a":"x\ty"}', MALFORMED),
        (b"\x1f\x8b\x08", "invalid_utf8"),
        (b'{"a":"\xe9"}', "invalid_utf8"),
        (b'{"a":"\xed\xa0\x80"}', "invalid_utf8"),
        (b'{"a":"\0"}', "nul_byte"),
        (b'{"a":"\0\xff"}', "nul_byte"),
        (b"\0", "nul_byte"),
        (rb'{"a":"\u0000"}', "nul_char"),
        (rb'{"a\u0000":1}', "nul_char"),
        (rb'{"a":[{"b":["\u0000"]}]}', "nul_char"),
        (rb'{"a":[{"\u0000":1}]}', "nul_char"),
        (rb'{"a":"\ud800"}', "lone_surrogate"),
        (rb'{"a":"\udc00\ud800"}', "lone_surrogate"),
        (rb'{"a\ud800":1}', "lone_surrogate"),
        (rb'{"a":[{"\ud800":1}]}', "lone_surrogate"),
        (b'{"a":NaN}', "nan_or_infinity"),
        (b'{"a":Infinity}', "nan_or_infinity"),
        (b'{"a":-Infinity}', "nan_or_infinity"),
        (b'{"a":[nan]}', "nan_or_infinity"),
        (b'{"a":-inf}', "nan_or_infinity"),
        (b'{"a":+Inf}', "nan_or_infinity"),
        (b"NaN", "nan_or_infinity"),
        (b'{"a":1,"a":1}', "duplicate_key"),
        (b'{"a" :1,"a":1}', "duplicate_key"),
        (b'{"a"\t:1,"a" :1}', "duplicate_key"),
        (rb'{"a":1,"\u0061":1}', "duplicate_key"),
        (b'{"a":1,"b":{"c":1},"a":{"d":1}}', "duplicate_key"),
        (b'{"a":"\\":","a":1}', "duplicate_key"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
        (b'{"a":' + b"[" * 1_000_000, "too_deep"),
        (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
        (b"42", "not_an_object"),
        (b'"x"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"true", "not_an_object"),
        (b"1e400", "not_an_object"),
        (b"-1.5", "not_an_object"),
        (b"[]", "top_level_array"),
    ],
)
def test_a_line_is_rejected_for_a_reason(line: bytes, reason: str) -> None:
    assert told(A + b"\n" + line + b"\n" + B) == [
        (1, {"a": 1}),
        (2, reason),
        (3, {"b": 2}),
    ]
    message = read(A + b"\n" + line)[1][2]
    assert isinstance(message, str)
    assert 0 < len(message) < 120
    assert message.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        rb'{"a":"\\u0000"}',
        rb'{"a":"\\ud800"}',
        rb'{"a":"\ud83d\ude00"}',
        '{"a":"\u2028 \x85 😀 \x7f"}'.encode(),
        b'{"a":"NaN : \\":","b" : 1}',
        b'{"a":{"x":1},"b":{"x":1}}',
        b'{"a":[{"x":1,"x":2}]}',
        b'{"a":' + b"[" * 400 + b"]" * 400 + b"}",
        b"{}",
    ],
)
def test_what_only_looks_bad_is_taken(text: bytes) -> None:
    assert told(text) == [(1, json.loads(text))]


def test_a_number_beyond_a_double_is_infinite() -> None:
    text = b'{"a":1e400,"b":-1e400,"c":%s,"d":1}' % (b"9" * 5000)
    inf = float("inf")
    assert told(text) == [(1, {"a": inf, "b": -inf, "c": inf, "d": 1})]
    assert as_written(text) == {"a": "1e400", "b": "-1e400", "c": "9" * 5000, "d": "1"}


def test_messages_say_what_is_wrong() -> None:
    messages = {
        b'{"a":': "not valid JSON: unexpected end of data",
        b'{"a":"\xe9"}': "not UTF-8: byte 0xe9 at 7",
        b'{"a":1,"a":2}': "the key 'a' comes twice",
        b'{"a":-inf}': "-inf is no number in JSON",
        b"null": "null, not an object",
        padded(LIMIT + 1): "longer than 4,194,304 bytes",
    }
    assert {line: broken(line).message for line in messages} == messages


# Work

ENDLESS = {
    "objects that are not closed": b'{"a":1,\n',
    "objects that wait for a value": b'{"a":\n',
    "objects in arrays": b'{"a":[\n',
    "arrays": b"[\n",
    "arrays of numbers": b"[1,\n",
    "arrays and objects": b'[\n{"a":\n',
    "braces": b"{\n",
    "objects without line ends": b"{}",
    "brackets without line ends": b"[",
    "quotation marks": b'"',
    "back-slashes in strings": b'"\\',
    "an object and a beginning": b'{"a":1}{"b":\n',
    "carriage returns": b"\r",
    "bytes that are no text": b"\xff\n",
    "keys twice": b'{"a":1,"a":1}\n',
    "parts of an object": b'"b":2,\n',
    "numbers out of range in arrays": b'[{"a":1e400},\n',
    "numbers out of range in objects": b'{"a":[\n{"a":1e400}\n',
}
STARTS = {"": b"", " in an object": b'{"a":1,\n', " in an array": b"[\n"}


def work(content: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """Calls made, and bytes given to the parsers, while the content is read."""
    done = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(text: bytes, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            nonlocal done
            done += len(text)
            return call(text, *args, **options)

        return counting

    def profile(_frame: FrameType, _event: str, _arg: object) -> None:
        nonlocal done
        done += 1

    class Token:
        finditer = staticmethod(counted(TOKEN.finditer))

    with monkeypatch.context() as patch:
        patch.setattr(orjson, "loads", counted(orjson.loads))
        patch.setattr(json, "loads", counted(json.loads))
        patch.setattr(judging, "TOKEN", Token)
        patch.setattr(module, "TOKEN", Token)
        sys.setprofile(profile)
        try:
            for _ in objects(io.BytesIO(content)):
                pass
        finally:
            sys.setprofile(None)
    return done


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("unit", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.slow
def test_twice_the_input_is_twice_the_work(
    unit: bytes, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (lines, judging, module):
        monkeypatch.setattr(each, "LIMIT", 4000)
    monkeypatch.setattr(lines, "_CHUNK", 1000)
    size = 20_000
    once = work(start + unit * (size // len(unit)), monkeypatch)
    twice = work(start + unit * (2 * size // len(unit)), monkeypatch)
    assert once < 100 * size
    assert twice < 2.2 * once + 1000


# Anything

KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63) | st.floats(
    allow_nan=False, allow_infinity=False
)
SCALARS = st.none() | st.booleans() | NUMBERS | KEYS | st.lists(NUMBERS, max_size=3)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *(b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\n", b"\r", b" "),
            *(b'"a"', b'"a":', b"1", A, B, C, b"\n" + A + b"\n", b"NaN", b"1e400"),
            *(b"\0", b"\xff", rb"\u0000", rb"\ud800", b"\x0b", b"\xef\xbb\xbf"),
        ]
    ),
    max_size=40,
).map(b"".join)


@settings(deadline=None, max_examples=300)
@given(content=FRAGMENTS, seed=st.integers(0, 99))
def test_anything_can_be_read(content: bytes, seed: int) -> None:
    results = read(content)
    numbers = [each.line for each in results]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= len(content) for number in numbers)
    assert bool(results) == bool(content.removeprefix(b"\xef\xbb\xbf").strip(BLANK))
    assert list(objects(Dribble(content, seed))) == results


@settings(deadline=None, max_examples=300)
@given(content=FRAGMENTS)
def test_every_visible_byte_comes_out_once(content: bytes) -> None:
    """Apart from several objects on a line that are judged one by one."""
    together = b"".join(
        each.text if isinstance(each, Found) else each.raw for each in read(content)
    )
    blank = dict.fromkeys(BLANK)
    wanted = content.removeprefix(b"\xef\xbb\xbf")
    assert sorted(byte for byte in together if byte not in blank) == sorted(
        byte for byte in wanted if byte not in blank
    )


@settings(deadline=None)
@given(
    values=st.lists(st.dictionaries(KEYS, SCALARS), max_size=5),
    indent=st.sampled_from([None, 0, 1]),
    ascii_only=st.booleans(),
)
def test_good_objects_are_found_however_they_are_written(
    values: list[dict[str, Any]], indent: int | None, ascii_only: bool
) -> None:
    text = "\n".join(
        json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in values
    )
    assert [
        each.values for each in read(text.encode()) if isinstance(each, Found)
    ] == values
