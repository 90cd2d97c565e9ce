"""The JSON objects of a raw file, one by one, and the lines that are none.

A line is the unit: one object stands on it, or several, or it is rejected whole. An
object may also spread over lines; `_collect` says when its reading is given up.
Each byte is looked at a fixed number of times at most, whatever the file holds, and a
few times `LIMIT` is all that is ever held of it.
"""

import io
from collections.abc import Iterator
from itertools import repeat
from typing import BinaryIO, Literal

import orjson

from infra.loading.judging import (
    BRACE,
    BRACKET,
    COMMA,
    QUOTE,
    TOKEN,
    Broken,
    Found,
    checked,
    has_no_key_twice,
    judged,
    too_long,
)
from infra.loading.lines import BLANK, LIMIT, Lines


def objects(stream: BinaryIO) -> Iterator[Found | Broken]:
    """Yields the file's objects and unusable lines in order, each exactly once."""
    lines = Lines(stream)
    for line in lines:
        text = line.strip(BLANK)
        if not text:
            continue
        if len(line) > LIMIT:
            yield too_long(lines.number, text)
            continue
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield from _difficult(lines, text)
            continue
        if (
            type(values) is dict
            and has_no_key_twice(text, values)
            and b"\\u0000" not in text
        ):
            yield Found(lines.number, text, values)
        else:
            yield checked(lines.number, text, values)


# Several objects on a line, and objects on several lines


def _difficult(lines: Lines, text: bytes) -> Iterator[Found | Broken]:
    """Judges a line that is not JSON by itself, with the lines that belong to it."""
    number = lines.number
    starts = text[0] == BRACE or (text[0] == BRACKET and number >= lines.arrays_from)
    brackets = _Brackets()
    end = brackets.read(text) if starts else "closed"
    if end == "open":
        yield from _collect(lines, text, brackets)
    elif end == "followed" and _are_objects(text):
        yield from map(judged, repeat(number), _parts(text))
    else:
        yield judged(number, text)


def _parts(text: bytes) -> Iterator[bytes]:
    """Cuts a text behind each bracket that closes the outermost one."""
    depth = start = 0
    for token in TOKEN.finditer(text):
        byte = text[token.start()]
        if byte in b"{[":
            depth += 1
        elif byte != QUOTE:
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
        and (_is_object(part) or isinstance(judged(0, part), Found))
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
        for token in TOKEN.finditer(text):
            byte = text[token.start()]
            if byte == QUOTE:
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
        return last in b":[" or (last == COMMA and self.open[-1] == BRACKET)


def _collect(
    lines: Lines, first: bytes, brackets: _Brackets
) -> Iterator[Found | Broken]:
    """Judges an object or array that starts with this line and does not end on it.

    It is given up when a line comes that must belong to something else or can belong
    to nothing. Then each of its lines is judged by itself; those of an array are read
    as if none had started, so that a stray bracket costs no object.
    """
    number, last, is_array = lines.number, first[-1], first[0] == BRACKET
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
            yield judged(line_number, text)
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
        return too_long(number, text)
    found = judged(number, text.replace(b"\n", b" "))
    return found if isinstance(found, Found) else found._replace(raw=text)
