"""SQL as tokens with their places, so that a text changes where it must, only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from infra.errors import SparkifyError

Kind = Literal["word", "quoted", "string", "number", "symbol"]
_WORD = re.compile(r"[^\W\d]\w*")
_PARAMETER = re.compile(r"(?<![\w$])[$](?=\d)")  # `$1,$` is not the start of a text


class Refused(SparkifyError):  # noqa: N818 - says what happened to a statement
    """Redshift refuses this, or the stand-in does not know it. `code` is SQLSTATE's."""

    def __init__(self, text: str, code: str = "0A000") -> None:
        super().__init__(text)
        self.code = code


def unknown(what: str) -> Refused:
    """What to say of SQL that Redshift may well take, but the stand-in does not."""
    return Refused(f"the stand-in does not know {what}")


@dataclass(frozen=True)
class Token:
    """A token: words are in upper case, all else as it stands in the text.

    `match` is, for a parenthesis, where its twin is; `depth` counts those around it.
    """

    kind: Kind
    text: str
    start: int
    end: int
    depth: int = 0
    match: int = -1

    @property
    def name(self) -> str:
        """The identifier as the catalog has it: Redshift folds quoted ones, too."""
        text = (
            self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text
        )
        return text.lower()

    @property
    def value(self) -> str:
        """What a string literal holds, without escapes."""
        return re.sub(r"\\(.)|''", lambda found: found[1] or "'", self.text[1:-1])


class Tokens(list[Token]):
    """The tokens of one text. Beyond its ends stand empty tokens."""

    _none = Token("symbol", "", 0, 0)

    def at(self, index: int) -> Token:
        """The token at an index, or an empty one."""
        return self[index] if 0 <= index < len(self) else self._none

    def words(self, index: int, *texts: str) -> bool:
        """Whether these words and symbols stand here one after another."""
        return all(
            self.at(index + ahead).text == text
            and self.at(index + ahead).kind in ("word", "symbol")
            for ahead, text in enumerate(texts)
        )

    def arguments(self, opening: int) -> list[tuple[int, int]]:
        """First and last-but-one index of each argument between two parentheses."""
        closing = self[opening].match
        if closing == opening + 1:
            return []
        inside = self[opening].depth + 1
        commas = [
            index
            for index in range(opening + 1, closing)
            if self[index].text == "," and self[index].depth == inside
        ]
        starts = [opening + 1, *(comma + 1 for comma in commas)]
        return list(zip(starts, [*commas, closing], strict=True))


def scan(sql: str) -> Tokens:
    """Reads a text; raises Refused where it is no SQL or a parenthesis has no twin."""
    tokens, open_ = Tokens(), list[int]()
    for kind, text, start, end in _raw(sql, 0):
        if text == ")":
            if not open_:
                raise Refused('syntax error at or near ")"', "42601")
            opening = open_.pop()
            twin = tokens[opening]
            tokens[opening] = Token(
                kind, "(", twin.start, twin.end, twin.depth, len(tokens)
            )
            tokens.append(Token(kind, text, start, end, len(open_), opening))
            continue
        tokens.append(Token(kind, text, start, end, len(open_)))
        if text == "(":
            open_.append(len(tokens) - 1)
    if open_:
        raise Refused("syntax error at end of input", "42601")
    return tokens


def _raw(sql: str, offset: int) -> Iterator[tuple[Kind, str, int, int]]:
    from sqlglot.dialects.redshift import Redshift  # noqa: PLC0415 - slow to import
    from sqlglot.errors import TokenError  # noqa: PLC0415 - as above

    try:
        found = Redshift().tokenize(_PARAMETER.sub("0", sql))
    except TokenError as error:
        raise Refused(f"syntax error: {error}", "42601") from error
    for token in found:
        start, text = token.start, sql[token.start : token.end + 1]
        if text[0] == '"':
            yield "quoted", text, offset + start, offset + token.end + 1
        elif text[0].isdigit() or re.fullmatch(r"[.].+|[$]\d+", text):
            yield "number", text, offset + start, offset + token.end + 1
        elif text[0] in "'$" and len(text) > 1:
            yield "string", text, offset + start, offset + token.end + 1
        elif token.token_type.name == "STRING":  # of a command it does not parse
            yield from _raw(text, offset + start)
        elif _WORD.match(text):  # it takes GROUP BY and the like for one
            for word in _WORD.finditer(text):
                at = offset + start + word.start()
                yield "word", word[0].upper(), at, at + len(word[0])
        else:
            yield "symbol", text, offset + start, offset + token.end + 1


@dataclass
class Edits:
    """Changes to a text, made all at once. They must not overlap."""

    sql: str
    _made: list[tuple[int, int, str]] = field(default_factory=list)

    def put(self, start: int, end: int, text: str) -> None:
        """Puts a text in place of another; of nothing where start is end."""
        self._made.append((start, end, text))

    def applied(self) -> str:
        """The text with all changes."""
        parts, at = [], 0
        for start, end, text in sorted(self._made, key=lambda made: made[:2]):
            parts += [self.sql[at:start], text]
            at = end
        return "".join([*parts, self.sql[at:]])
