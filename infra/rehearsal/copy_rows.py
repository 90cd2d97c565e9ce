"""From JSON to rows as COPY makes them, with its error codes.

Source: "Load error reference" and "COPY from JSON format" in the Database Developer
Guide. What these do not say is refused.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.rehearsal.copy_command import CopyCommand
from infra.rehearsal.tokens import Refused, unknown

LARGEST_OBJECT = 4 * 1024 * 1024
_PATH_PART = re.compile(r"\.([A-Za-z_]\w*)|\['([^'\]]*)'\]|\[(\d+)\]")
_BLANK = re.compile(r"\s*")
_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_TRUE, _FALSE = {"t", "true", "y", "yes", "1"}, {"f", "false", "n", "no", "0"}


class Number(str):
    """A number as the file writes it."""

    __slots__ = ()


@dataclass(frozen=True)
class Column:
    """A column of the table; `length` is its longest text in bytes."""

    name: str
    type: str
    length: int | None
    is_required: bool


@dataclass(frozen=True)
class Fault:
    """Why an object of a file is no row."""

    line: int
    code: int
    message: str
    column: Column | None = None


class _Bad(ValueError):  # noqa: N818 - says what a value is
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise unknown("what COPY does with a key that occurs twice")
    return made


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_float=Number,
    parse_int=Number,
    parse_constant=_no_constant,
)

Row = list[str | None]


def rows(
    content: bytes, columns: list[Column], command: CopyCommand, found: Finder
) -> Iterator[Row | Fault]:
    """The rows of a file and what is wrong with the rest, in its order."""
    # What is no UTF-8 becomes single surrogates, which a value is then searched for
    text = content.decode(errors="surrogateescape")
    at, line = _BLANK.match(text, 0).end(), 1  # type: ignore[union-attr] # always
    line += text.count("\n", 0, at)
    while at < len(text):
        begin = at
        try:
            value, at = _DECODER.raw_decode(text, at)
        except RecursionError as error:
            raise unknown("how deep COPY follows nested JSON") from error
        except ValueError as error:
            at = text.find("\n", begin) + 1 or len(text)
            yield Fault(line, 1216, f"Invalid JSON: {str(error).partition(':')[0]}")
        else:
            line += text.count("\n", begin, at)
            if len(text[begin:at].encode(errors="surrogateescape")) > LARGEST_OBJECT:
                raise Refused("JSON object exceeds the maximum size of 4 MB")
            yield _row(value, line, columns, command, found)
            begin = at
        end = _BLANK.match(text, at).end()  # type: ignore[union-attr] # always
        line += text.count("\n", begin, end)
        at = end


# Finds the value of each column in what the file holds
Finder = Callable[[Any], list[Any]]


def by_name(columns: list[Column], *, ignores_case: bool) -> Finder:
    """Keys are the columns' names; those that are not there are NULL."""

    def found(value: Any) -> list[Any]:  # noqa: ANN401 - JSON holds anything
        if not isinstance(value, dict):
            raise _Bad(1216, "Invalid JSON: an array needs JSONPaths")
        if ignores_case:
            value = {key.lower(): each for key, each in value.items()}
        return [value.get(column.name) for column in columns]

    return found


def by_paths(content: bytes, columns: list[Column]) -> Finder:
    """Values are where a JSONPaths file says, in the order of the columns."""
    try:
        document = json.loads(content)
        texts = document["jsonpaths"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            "Invalid JSONPaths file: it must have the key jsonpaths"
        ) from error
    if len(document) != 1 or not isinstance(texts, list):
        raise Refused("Invalid JSONPaths file: jsonpaths must be all, and a list")
    if len(texts) != len(columns):
        raise Refused(
            "Number of jsonpaths and the number of columns should match. JSONPath "
            f"size: {len(texts)}, Number of columns in table or column list: "
            f"{len(columns)}"
        )
    paths = [_path(text) for text in texts]

    def found(value: Any) -> list[Any]:  # noqa: ANN401 - JSON holds anything
        return [_follow(value, path) for path in paths]

    return found


def _path(text: str) -> list[str | int]:
    parts = list(_PATH_PART.finditer(text, 1)) if text.startswith("$") else []
    if not parts or "".join(part[0] for part in parts) != text[1:]:
        raise Refused(
            f"Invalid JSONPath format: {text}. Supported notations are "
            "'dot-notation' and 'bracket-notation'"
        )
    return [int(part[3]) if part[3] else part[1] or part[2] for part in parts]


def _follow(value: Any, path: list[str | int]) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, list) and isinstance(path[0], str):
        raise unknown("what COPY finds in an array by the name of a key")
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _row(
    value: Any,  # noqa: ANN401 - as above
    line: int,
    columns: list[Column],
    command: CopyCommand,
    found: Finder,
) -> Row | Fault:
    if not isinstance(value, dict | list):
        return Fault(line, 1216, "Invalid JSON: neither an object nor an array")
    column: Column | None = None
    made: Row = []
    try:
        for column, each in zip(columns, found(value), strict=True):
            made.append(_cell(each, column, command))
    except _Bad as bad:
        return Fault(line, bad.code, str(bad), column)
    return made


def _cell(value: Any, column: Column, command: CopyCommand) -> str | None:  # noqa: ANN401 - as above
    if isinstance(value, dict | list):
        raise unknown(f"how COPY writes the nested value of {column.name}")
    if isinstance(value, bool):
        value = "true" if value else "false"
    is_number = column.type not in ("varchar", "char")
    if value is None or (is_number and not value.strip()):
        if column.is_required:
            raise _Bad(1213, "Missing data for not-null field")
        return None
    text = str(value)
    if "\0" in text:
        raise unknown("what COPY does with a NUL character")
    return _CELLS[column.type](text, column, command)


def _text(text: str, column: Column, command: CopyCommand) -> str:
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        shown = f"{code - 0xDC00 if code >= 0xDC80 else code:x}"
        raise _Bad(
            1220,
            "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex "
            f"sequence: {shown} (error 3)",
        ) from None
    if column.type == "char" and not text.isascii():
        raise _Bad(1220, "Multibyte character not supported for CHAR")
    if column.length is None or len(raw) <= column.length:
        return text
    if command.truncates:
        return raw[: column.length].decode(errors="ignore")
    raise _Bad(1204, "String length exceeds DDL length")


def _whole(text: str, column: Column, _: CopyCommand) -> str:
    if not _INTEGER.fullmatch(text):
        at = next((i for i, each in enumerate(text) if not each.isdigit()), 0)
        shown = text[at : at + 1]
        raise _Bad(
            1207,
            f"Invalid digit, Value '{shown}', Pos {at}, Type: {column.type.title()}",
        )
    limit = _LIMITS[column.type]
    if not -limit <= int(text) < limit:
        raise _Bad(1204, f"Overflow for {column.type.upper()}")
    return text.strip()


def _float(text: str, column: Column, _: CopyCommand) -> str:
    if not _DECIMAL.fullmatch(text):
        raise _Bad(1208, f"Invalid value for {column.type.upper()}")
    if float(text) in (float("inf"), float("-inf")):
        raise _Bad(1204, f"Overflow for {column.type.upper()}")
    return text.strip()


def _boolean(text: str, _column: Column, _: CopyCommand) -> str:
    lower = text.strip().lower()
    if lower not in _TRUE | _FALSE:
        raise _Bad(1210, "Invalid boolean")
    return "t" if lower in _TRUE else "f"


def _date(text: str, _column: Column, _: CopyCommand) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise _Bad(1205, "Invalid Date Format - length must be 10 or more") from None


def _timestamp(text: str, _column: Column, command: CopyCommand) -> str:
    scale = {"epochsecs": 1, "epochmillisecs": 1000}.get(command.time_format)
    try:
        if scale:
            moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int(text) / scale)  # noqa: DTZ001 - Redshift's TIMESTAMP has no zone
            return moment.isoformat(" ", "milliseconds")
        return dt.datetime.fromisoformat(text).isoformat(" ")
    except (ValueError, OverflowError):
        raise _Bad(1206, "Invalid timestamp format or value") from None


_CELLS: dict[str, Callable[[str, Column, CopyCommand], str]] = {
    "varchar": _text,
    "char": _text,
    "smallint": _whole,
    "integer": _whole,
    "bigint": _whole,
    "real": _float,
    "double precision": _float,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
TYPES = frozenset(_CELLS)
