"""COPY … FROM S3 as its text says it: pure, and strict about what it does not know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from infra.rehearsal.tokens import Refused, Token, Tokens, scan, unknown

TimeFormat = Literal["", "auto", "epochsecs", "epochmillisecs"]
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.DOTALL)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_MOST_ERRORS = 100_000


@dataclass(frozen=True)
class S3Path:
    """A bucket and a key, or the beginning of keys."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> S3Path:
        """`s3://bucket/key`; anything else is refused."""
        if not (found := _S3.fullmatch(uri)):
            raise Refused(f"invalid S3 path: {uri}", "22023")
        return cls(found[1], found[2])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass
class CopyCommand:
    """A COPY of JSON. `columns` is None for all of the table's.

    `paths` is where the JSONPaths file is; without one, keys are matched by name,
    whatever their case if `ignores_case`.
    """

    table: str
    columns: tuple[str, ...] | None
    source: S3Path
    role: str | None = None  # an ARN, or `default`
    region: str | None = None
    is_json: bool = False
    ignores_case: bool = False
    paths: S3Path | None = None
    is_manifest: bool = False
    is_gzip: bool = False
    max_errors: int = 0
    truncates: bool = False
    time_format: TimeFormat = ""


def parse(sql: str) -> CopyCommand:
    """Reads the statement; raises Refused."""
    tokens = scan(sql)
    while tokens[-1].text == ";":
        tokens.pop()
    at = 2
    while tokens.at(at).text == ".":
        at += 2
    table = ".".join(f'"{token.name}"' for token in tokens[1:at:2])
    columns = None
    if tokens.at(at).text == "(":
        columns = tuple(tokens[a].name for a, _ in tokens.arguments(at))
        at = tokens[at].match + 1
    if tokens.at(at).text != "FROM" or tokens.at(at + 1).kind != "string":
        raise Refused(f'syntax error at or near "{tokens.at(at).name}"', "42601")
    command = CopyCommand(table, columns, S3Path.parse(tokens[at + 1].value))
    _read_parameters(tokens, at + 2, command)
    if not command.is_json:
        raise unknown("COPY of other formats than JSON")
    if command.role is None:
        raise Refused("COPY needs credentials: name an IAM_ROLE", "22023")
    return command


def _read_parameters(tokens: Tokens, at: int, command: CopyCommand) -> None:
    while at < len(tokens):
        word = tokens[at].text
        at += 1
        if word == "MANIFEST":
            command.is_manifest = True
        elif word == "GZIP":
            command.is_gzip = True
        elif word == "TRUNCATECOLUMNS":
            command.truncates = True
        elif word in ("FORMAT", "JSON"):
            if word == "FORMAT":
                at += tokens.at(at).text == "AS"
                if tokens.at(at).text != "JSON":
                    raise unknown(f"FORMAT {tokens.at(at).text}")
                at += 1
            at += tokens.at(at).text == "AS"
            _read_json(_string(tokens, at), command)
            at += 1
        elif word in ("COMPUPDATE", "STATUPDATE"):
            if tokens.at(at).text not in ("ON", "OFF", "PRESET"):
                raise unknown(f"{word} without a value")
            at += 1
        elif word in ("IAM_ROLE", "REGION", "TIMEFORMAT", "MAXERROR"):
            at += word != "IAM_ROLE" and tokens.at(at).text == "AS"
            _read_value(word, tokens.at(at), command)
            at += 1
        else:
            raise unknown(f"{word} in COPY")


def _read_value(word: str, token: Token, command: CopyCommand) -> None:
    if word == "MAXERROR":
        if token.kind != "number" or int(token.text) > _MOST_ERRORS:
            raise Refused(f"MAXERROR must be from 0 to {_MOST_ERRORS}", "22023")
        command.max_errors = int(token.text)
    elif word == "IAM_ROLE" and token.text == "DEFAULT":
        command.role = "default"
    elif token.kind != "string":
        raise Refused(f'syntax error at or near "{token.name}"', "42601")
    elif word == "IAM_ROLE":
        if not _ROLE.fullmatch(token.value):
            raise Refused(f"invalid IAM role: {token.value}", "22023")
        command.role = token.value
    elif word == "REGION":
        command.region = token.value
    elif token.value in ("auto", "epochsecs", "epochmillisecs"):
        command.time_format = token.value  # type: ignore[assignment]
    else:
        raise unknown(f"TIMEFORMAT '{token.value}'")


def _read_json(value: str, command: CopyCommand) -> None:
    command.is_json = True
    if value.startswith("s3://"):
        command.paths = S3Path.parse(value)
    elif value == "auto ignorecase":
        command.ignores_case = True
    elif value != "auto":
        raise unknown(f"JSON '{value}'")


def _string(tokens: Tokens, at: int) -> str:
    if tokens.at(at).kind != "string":
        raise Refused(f'syntax error at or near "{tokens.at(at).name}"', "42601")
    return tokens[at].value
