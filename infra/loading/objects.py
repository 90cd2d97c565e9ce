"""The JSON objects of a raw file, one by one, and the lines that are none.

A line is the unit: one object stands on it, or several, or it is rejected whole. An
object may also spread over lines; `_collect` says when its reading is given up.
Each byte is looked at a fixed number of times at most, whatever the file holds, and a
few times `LIMIT` is all that is ever held of it.
"""

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, BinaryIO, Literal, NamedTuple, NoReturn

import orjson

LIMIT = 4 * 1024 * 1024  # the longest object that Redshift's COPY takes
BLANK = b" \t\r\n\x0b\x0c"
DEEPEST = 500  # well below Python's recursion limit, which json shares

_CHUNK = 256 * 1024
_HEAD = 64 * 1024  # as much of a line of more than LIMIT is kept
_BOM = b"\xef\xbb\xbf"
_QUOTE, _COMMA, _BRACE, _BRACKET = b'",{['
# A string, also one without its end, or a bracket. Possessive loops (`++`, `*+`)
# never try anything twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.?)*+("|\Z)|[{}\[\]]', re.DOTALL)
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)

Reason = Literal[
    "malformed_json",
    "invalid_utf8",
    "nul_byte",
    "nul_char",
    "lone_surrogate",
    "nan_or_infinity",
    "duplicate_key",
    "too_deep",
    "not_an_object",
    "top_level_array",
    "object_over_4MB",
]


class Found(NamedTuple):
    """A JSON object: the line it starts on, its text without line ends, its values.

    A number beyond the range of a double is infinite in `values`.
    """

    line: int
    text: bytes
    values: dict[str, Any]


class Broken(NamedTuple):
    """One or more lines that are no object; `raw` is all of them or their beginning."""

    line: int
    reason: Reason
    message: str
    raw: bytes


def objects(stream: BinaryIO) -> Iterator[Found | Broken]:
    """Yields the file's objects and unusable lines in order, each exactly once."""
    lines = _Lines(stream)
    for line in lines:
        text = line.strip(BLANK)
        if not text:
            continue
        if len(line) > LIMIT:
            yield _too_long(lines.number, text)
            continue
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield from _difficult(lines, text)
            continue
        if (
            type(values) is dict
            and _has_no_key_twice(text, values)
            and b"\\u0000" not in text
        ):
            yield Found(lines.number, text, values)
        else:
            yield _checked(lines.number, text, values)


def as_written(text: bytes) -> dict[str, Any]:
    """An object's values with each number as the text that stands in the file.

    Raises RecursionError for an object that is nested more than DEEPEST deep.
    """
    spelled = _not_too_deep(text)
    values: dict[str, Any] = json.loads(spelled, parse_int=str, parse_float=str)
    return values


# Lines


class _Lines:
    """The lines of a stream without their ends; lines can be given back.

    `number` is the last line's, from 1. A line of more than LIMIT comes as its
    beginning, filled up with blanks so that it is still longer than LIMIT.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.number = 0
        self.arrays_from = 0  # on lines before this one no array starts
        self._fresh = _split(_chunks(stream))
        self._returned: list[Iterator[bytes]] = []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while self._returned:
            line = next(self._returned[-1], None)
            if line is not None:
                self.number += 1
                return line
            self._returned.pop()
        line = next(self._fresh)
        self.number += 1
        return line

    def give_back(self, number: int, *lines: Iterable[bytes]) -> None:
        """The next line will be the first of these, and have this number."""
        self.number = number - 1
        self._returned.extend(iter(each) for each in reversed(lines))


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in pieces, without its BOM, every line end made a line feed."""
    held = b""
    while len(held) < len(_BOM) and (start := stream.read(len(_BOM) - len(held))):
        held += start
    held = held.removeprefix(_BOM)
    while read := stream.read(_CHUNK):
        chunk = held + read
        held = b"\r" if chunk.endswith(b"\r") else b""  # its line feed may follow
        yield _with_line_feeds(chunk.removesuffix(held))
    yield _with_line_feeds(held)


def _with_line_feeds(chunk: bytes) -> bytes:
    if b"\r" not in chunk:
        return chunk
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unfinished = _Unfinished()
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        unfinished.add(first)
        if lines:
            yield unfinished.take()
            unfinished.add(lines.pop())
            yield from lines
    if last := unfinished.take():
        yield last


class _Unfinished:
    """A line whose end was not seen yet; leading blanks are counted, not kept."""

    def __init__(self) -> None:
        self._kept, self._size = bytearray(), 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if not self._kept:
            piece = piece.lstrip(BLANK)
        self._kept += piece[: LIMIT + 1 - len(self._kept)]

    def take(self) -> bytes:
        line = bytes(self._kept)
        if line and self._size > LIMIT:
            line = line[:_HEAD].ljust(LIMIT + 1)
        self._kept, self._size = bytearray(), 0
        return line


# One text


def _has_no_key_twice(text: bytes, values: dict[str, Any]) -> bool:
    """Whether counting is enough to know; if not, `_duplicate` looks closer.

    A colon follows each key, so an object with as many colons as values has no key
    twice. Other colons, inside strings, rarely stand behind a quotation mark.
    """
    return text.count(b":") == len(values) or (
        text.count(b'":') == len(values) and b" :" not in text and b"\t:" not in text
    )


def _checked(line: int, text: bytes, values: object) -> Found | Broken:
    """Judges the values of a text that is JSON."""
    if isinstance(values, list):
        return Broken(line, "top_level_array", "an array, not an object", text)
    if not isinstance(values, dict):
        return Broken(line, "not_an_object", f"{_kind(values)}, not an object", text)
    if b"\\u0000" in text and any("\0" in each for each in _strings(values)):
        return Broken(line, "nul_char", r"a string holds the character \u0000", text)
    if not _has_no_key_twice(text, values):
        try:
            twice = _duplicate(text)
        except RecursionError:
            return _too_deep(line, text)
        if twice is not None:
            return Broken(line, "duplicate_key", f"the key {twice} comes twice", text)
    return Found(line, text, values)


def _kind(value: object) -> str:
    kinds = {str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _strings(value: object) -> Iterator[str]:
    """Every string of a value, keys too, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _duplicate(text: bytes) -> str | None:
    """The first key that comes twice in the object, as a message shows it."""
    pairs: list[tuple[str, Any]] = []

    def keep(found: list[tuple[str, Any]]) -> None:
        nonlocal pairs
        pairs = found  # the outermost object is the last that is complete

    json.loads(_not_too_deep(text), object_pairs_hook=keep, parse_int=str)
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return ascii(key[:60])
        seen.add(key)
    return None


def _judged(line: int, text: bytes) -> Found | Broken:
    """What a text is by itself."""
    try:
        return _checked(line, text, orjson.loads(text))
    except orjson.JSONDecodeError as error:
        return _not_text(line, text) or _refused(line, text, error.msg)


def _not_text(line: int, text: bytes) -> Broken | None:
    if b"\0" in text:
        return Broken(line, "nul_byte", "a NUL byte stands in the text", text)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{text[error.start]:02x} at {error.start + 1}"
        return Broken(line, "invalid_utf8", message, text)
    return None


def _refused(line: int, text: bytes, complaint: str) -> Found | Broken:
    """Why orjson does not take a text; Found if only for a number out of its range."""
    try:
        values = _loose(text)
    except _ConstantError as error:
        message = f"{error} is no number in JSON"
        return Broken(line, "nan_or_infinity", message, text)
    except json.JSONDecodeError as error:
        # Memory is orjson's word for some texts that just end
        message = error.msg if "memory" in complaint else complaint
        return Broken(line, "malformed_json", f"not valid JSON: {message}", text)
    except RecursionError:
        return _too_deep(line, text)
    if all(map(_is_text, _strings(values))):
        return _checked(line, text, values)
    message = "a string holds half of a surrogate pair"
    return Broken(line, "lone_surrogate", message, text)


def _loose(text: bytes) -> object:
    """The value as json reads it, which takes numbers and strings that orjson does not.

    All numbers are floats, infinite if need be.
    """
    decoded = _not_too_deep(text)
    try:
        return json.loads(decoded, parse_int=float, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        if constant := _NO_NUMBER.match(decoded, error.pos):
            _refuse_constant(constant[0])
        raise


class _ConstantError(Exception):
    """A bare NaN, Infinity or -Infinity."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_too_deep(text: bytes) -> str:
    """The text for json, which would follow it as deep as the stack happens to allow.

    Raises RecursionError for what is nested more than DEEPEST deep.
    """
    if text.count(b"{") + text.count(b"[") > DEEPEST:
        depth = 0
        for token in _TOKEN.finditer(text):
            byte = text[token.start()]
            if byte != _QUOTE:
                depth += 1 if byte in b"{[" else -1
            if depth > DEEPEST:
                raise RecursionError
    return text.decode()


def _too_deep(line: int, text: bytes) -> Broken:
    message = f"objects or arrays are nested more than {DEEPEST} deep"
    return Broken(line, "too_deep", message, text)


def _too_long(line: int, text: bytes) -> Broken:
    message = f"longer than {LIMIT:,} bytes"
    return Broken(line, "object_over_4MB", message, text[:_HEAD])


# Several objects on a line, and objects on several lines


def _difficult(lines: _Lines, text: bytes) -> Iterator[Found | Broken]:
    """Judges a line that is not JSON by itself, with the lines that belong to it."""
    number = lines.number
    starts = text[0] == _BRACE or (text[0] == _BRACKET and number >= lines.arrays_from)
    brackets = _Brackets()
    end = brackets.read(text) if starts else "closed"
    if end == "open":
        yield from _collect(lines, text, brackets)
    elif end == "followed" and _are_objects(text):
        yield from map(_judged, repeat(number), _parts(text))
    else:
        yield _judged(number, text)


def _parts(text: bytes) -> Iterator[bytes]:
    """Cuts a text behind each bracket that closes the outermost one."""
    depth = start = 0
    for token in _TOKEN.finditer(text):
        byte = text[token.start()]
        if byte in b"{[":
            depth += 1
        elif byte != _QUOTE:
            depth -= 1
            if depth <= 0:
                yield text[start : token.end()].strip(BLANK)
                start = token.end()
                depth = 0
    if rest := text[start:].strip(BLANK):
        yield rest


def _are_objects(text: bytes) -> bool:
    """Whether objects and nothing else stand on a line."""
    return all(
        part.startswith(b"{")
        and (_is_object(part) or isinstance(_judged(0, part), Found))
        for part in _parts(text)
    )


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


class _Brackets:
    """The brackets that are open after the text so far, outermost first."""

    def __init__(self) -> None:
        self.open = bytearray()

    def read(self, text: bytes) -> Literal["open", "in string", "closed", "followed"]:
        """Reads on, at most until the outermost bracket is closed."""
        for token in _TOKEN.finditer(text):
            byte = text[token.start()]
            if byte == _QUOTE:
                if token.start(1) == token.end(1):
                    return "in string"
            elif byte in b"{[":
                self.open.append(byte)
            else:
                self.open.pop()
                if not self.open:
                    return "closed" if token.end() == len(text) else "followed"
        return "open"

    def may_continue_with_object(self, last: int) -> bool:
        """Whether `{` can stand behind this byte."""
        return last in b":[" or (last == _COMMA and self.open[-1] == _BRACKET)


def _collect(
    lines: _Lines, first: bytes, brackets: _Brackets
) -> Iterator[Found | Broken]:
    """Judges an object or array that starts with this line and does not end on it.

    It is given up when a line comes that must belong to something else or can belong
    to nothing. Then each of its lines is judged by itself; those of an array are read
    as if none had started, so that a stray bracket costs no object.
    """
    number, last, is_array = lines.number, first[-1], first[0] == _BRACKET
    collected = bytearray(first + b"\n")
    stopper: list[bytes] = []
    for line in lines:
        text = line.strip(BLANK)
        if len(line) > LIMIT or _interrupts(text, last, brackets, is_array):
            stopper = [line]
            break
        end = brackets.read(text)
        size = len(collected) + len(text)
        if end in {"closed", "followed"}:
            yield _whole(number, bytes(collected + text))
            return
        if end == "in string" or size >= LIMIT:
            stopper = [line]
            break
        collected += text + b"\n"
        last = text[-1] if text else last
    if is_array:
        lines.arrays_from = lines.number if stopper else lines.number + 1
        lines.give_back(number, io.BytesIO(collected), stopper)
        return
    for line_number, line in enumerate(io.BytesIO(collected), number):
        if text := line.strip(BLANK):
            yield _judged(line_number, text)
    if stopper:
        lines.give_back(lines.number, stopper)


def _interrupts(text: bytes, last: int, brackets: _Brackets, is_array: bool) -> bool:
    """Whether a line is the start of something new, `last` being the byte before it."""
    if not text.startswith(b"{"):
        return False
    if not brackets.may_continue_with_object(last):
        return True
    return not is_array and text.endswith(b"}") and _are_objects(text)


def _whole(number: int, text: bytes) -> Found | Broken:
    """Judges lines whose brackets are closed."""
    if len(text) > LIMIT:
        return _too_long(number, text)
    judged = _judged(number, text.replace(b"\n", b" "))
    return judged if isinstance(judged, Found) else judged._replace(raw=text)
