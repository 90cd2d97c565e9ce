"""One piece of raw text: the JSON object it is, or why it is none."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, NoReturn

import orjson

from infra.loading.lines import HEAD, LIMIT

DEEPEST = 500  # well below Python's recursion limit, which json shares
QUOTE, COMMA, BRACE, BRACKET = b'",{['
# A string, also one without its end, or a bracket. Possessive loops (`++`, `*+`)
# never try anything twice.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.?)*+("|\Z)|[{}\[\]]', re.DOTALL)

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


def as_written(text: bytes) -> dict[str, Any]:
    """An object's values with each number as the text that stands in the file.

    Raises RecursionError for an object that is nested more than DEEPEST deep.
    """
    spelled = _not_too_deep(text)
    values: dict[str, Any] = json.loads(spelled, parse_int=str, parse_float=str)
    return values


def has_no_key_twice(text: bytes, values: dict[str, Any]) -> bool:
    """Whether counting is enough to know; if not, `_duplicate` looks closer.

    A colon follows each key, so an object with as many colons as values has no key
    twice. Other colons, inside strings, rarely stand behind a quotation mark.
    """
    return text.count(b":") == len(values) or (
        text.count(b'":') == len(values) and b" :" not in text and b"\t:" not in text
    )


def checked(line: int, text: bytes, values: object) -> Found | Broken:
    """Judges the values of a text that is JSON."""
    if isinstance(values, list):
        return Broken(line, "top_level_array", "an array, not an object", text)
    if not isinstance(values, dict):
        return Broken(line, "not_an_object", f"{_kind(values)}, not an object", text)
    if b"\\u0000" in text and any("\0" in each for each in _strings(values)):
        return Broken(line, "nul_char", r"a string holds the character \u0000", text)
    if not has_no_key_twice(text, values):
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


def judged(line: int, text: bytes) -> Found | Broken:
    """What a text is by itself."""
    try:
        return checked(line, text, orjson.loads(text))
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
        return checked(line, text, values)
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
        for token in TOKEN.finditer(text):
            byte = text[token.start()]
            if byte != QUOTE:
                depth += 1 if byte in b"{[" else -1
            if depth > DEEPEST:
                raise RecursionError
    return text.decode()


def _too_deep(line: int, text: bytes) -> Broken:
    message = f"objects or arrays are nested more than {DEEPEST} deep"
    return Broken(line, "too_deep", message, text)


def too_long(line: int, text: bytes) -> Broken:
    """What is longer than LIMIT, by its beginning."""
    message = f"longer than {LIMIT:,} bytes"
    return Broken(line, "object_over_4MB", message, text[:HEAD])
