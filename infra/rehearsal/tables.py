"""Statements that make tables and views: what only Redshift has is noted and left out.

The notes go with the statement, as a comment that the event trigger of catalog.sql
reads, so that they share the fate of its transaction and of the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from infra.rehearsal import vocabulary as known
from infra.rehearsal.tokens import Edits, Refused, Tokens, unknown

NOTES = "redshift:"  # how the comment begins
_KEYS = {"PRIMARY", "UNIQUE", "FOREIGN"}
_ENDINGS = {
    *("NOT", "NULL", "DEFAULT", "ENCODE", "DISTKEY", "SORTKEY", "PRIMARY", "UNIQUE"),
    *("REFERENCES",),
}


class Type(NamedTuple):
    """A type as PostgreSQL has it, without length, and the tokens that say it."""

    name: str
    tokens: range


def type_at(tokens: Tokens, index: int, edits: Edits) -> Type:
    """Reads a type and writes it as PostgreSQL has it, with Redshift's length.

    A cast cuts text after that many characters, not bytes as Redshift does: what is
    then too long for a column is an error here, and cut there.
    """
    first = tokens.at(index)
    ends = index + 1
    name = first.text
    for words in (
        ("CHARACTER", "VARYING"),
        ("DOUBLE", "PRECISION"),
        *((kind, "TIME", "ZONE") for kind in ("WITH", "WITHOUT")),
    ):
        start = index if words[0] == name else index + 1
        is_here = tokens.words(start, *words)
        if is_here and (start == index or name == "TIMESTAMP"):
            ends = start + len(words)
            name = " ".join(token.text for token in tokens[index:ends])
    if first.kind != "word" or name in known.LACKING_TYPES:
        raise Refused(f"Redshift has no type {first.name}", "42704")
    if name not in known.TYPES:
        raise unknown(f"the type {first.name}")
    kind = known.TYPES[name]
    length = known.DEFAULT_LENGTHS.get(kind, "")
    if tokens.at(ends).text == "(":
        closing = tokens[ends].match
        length = _length(kind, tokens, ends)
        ends = closing + 1
    if tokens.at(ends).text == "[":
        raise Refused("Redshift has no arrays")
    edits.put(first.start, tokens[ends - 1].end, kind + length)
    return Type(kind, range(index, ends))


def _length(kind: str, tokens: Tokens, opening: int) -> str:
    numbers = [token.text for token in tokens[opening + 1 : tokens[opening].match]]
    if kind not in known.LONGEST:
        raise unknown(f"the type {kind} with a length")
    longest = known.LONGEST[kind]
    if numbers == ["MAX"]:
        return f"({longest})"
    if not numbers[0].isdigit() or not 1 <= int(numbers[0]) <= longest:
        raise Refused(
            f"length for type {kind} must be from 1 to {longest}, not {numbers[0]}",
            "22023",
        )
    return f"({''.join(numbers)})"


def creates_table(tokens: Tokens) -> bool:
    """Whether the statement makes a table."""
    return "TABLE" in [tokens.at(index).text for index in (1, 2, 3)] and (
        tokens.at(1).text in ("TABLE", "TEMP", "TEMPORARY", "LOCAL")
    )


def table(sql: str, tokens: Tokens) -> str:
    """CREATE TABLE as PostgreSQL takes it, with notes on the rest."""
    at = next(i for i in range(1, 4) if tokens[i].text == "TABLE") + 1
    if tokens.words(at, "IF", "NOT", "EXISTS"):
        at += 3
    while tokens.at(at + 1).text == ".":
        at += 2
    at += 1
    notes: dict[str, Any] = {"keys": [], "encodings": {}}
    edits = Edits(sql)
    if tokens.at(at).text == "(":
        columns = _columns(sql, tokens, at, notes)
        closing = tokens[at].match
        edits.put(tokens[at].start, tokens[closing].end, f"({', '.join(columns)})")
        at = closing + 1
    begins = at
    while at < len(tokens) and tokens[at].text != "AS":
        at = _attribute(tokens, at, notes)
    if at > begins:
        edits.put(tokens[begins].start, tokens[at - 1].end, "")
    if notes.get("diststyle") == "key" and "distkey" not in notes:
        raise Refused("DISTSTYLE KEY needs a DISTKEY")
    told = json.dumps(notes).replace("*", "\\u002a").replace("/", "\\u002f")
    return f"/*{NOTES}{told}*/ {edits.applied()}"


def _attribute(tokens: Tokens, at: int, notes: dict[str, Any]) -> int:
    """Notes the attribute of a table that stands here; returns what follows it."""
    word, value = tokens[at].text, tokens.at(at + 1)
    after = at + 2
    if word == "BACKUP" and value.text in ("YES", "NO"):
        notes["backup"] = value.text == "YES"
    elif word == "DISTSTYLE" and value.text in ("AUTO", "EVEN", "KEY", "ALL"):
        notes["diststyle"] = value.name
    elif word in ("ENCODE", "SORTKEY") and value.text == "AUTO":
        pass  # the default
    elif word in ("COMPOUND", "INTERLEAVED") and value.text == "SORTKEY":
        notes["sortstyle"] = tokens[at].name
        after = at + 1
    elif word == "DISTKEY" and value.text == "(":
        (notes["distkey"],) = _names_in(tokens, at + 1)
        after = value.match + 1
    elif word == "SORTKEY" and value.text == "(":
        notes["sortkeys"] = _names_in(tokens, at + 1)
        after = value.match + 1
    else:
        raise unknown(f"{word} in CREATE TABLE")
    return after


def _names_in(tokens: Tokens, opening: int) -> list[str]:
    names = [tokens[a] for a, _ in tokens.arguments(opening)]
    if len(names) * 2 - 1 != tokens[opening].match - opening - 1:
        raise Refused('syntax error at or near "("', "42601")
    return [token.name for token in names]


def _columns(
    sql: str, tokens: Tokens, opening: int, notes: dict[str, Any]
) -> Iterator[str]:
    """The definitions that are left for PostgreSQL."""
    for begin, end in tokens.arguments(opening):
        at = begin + 2 if tokens[begin].text == "CONSTRAINT" else begin
        first = tokens[at]
        if first.text in _KEYS and first.kind == "word":
            notes["keys"].append(_key(tokens, at, end))
        elif first.text in ("CHECK", "EXCLUDE") or at > begin:
            raise Refused(f"Redshift has no {first.text} constraints")
        elif first.text == "LIKE":
            if any(tokens[i].text == "ALL" for i in range(at, end)):
                raise Refused("syntax error: LIKE … INCLUDING DEFAULTS is all there is")
            yield sql[first.start : tokens[end - 1].end]
        else:
            yield _column(sql, tokens, begin, end, notes)


def _column(
    sql: str, tokens: Tokens, begin: int, end: int, notes: dict[str, Any]
) -> str:
    name, edits = tokens[begin], Edits(sql)
    edits.put(0, name.start, "")
    edits.put(tokens[end - 1].end, len(sql), "")
    at = type_at(tokens, begin + 1, edits).tokens.stop
    while at < end:
        word, start = tokens[at].text, tokens[at].start
        if word not in _ENDINGS:
            raise unknown(f"{word} in the definition of a column")
        if word in ("NOT", "NULL"):
            at += 1 + (word == "NOT")
            continue
        if word == "DEFAULT":
            at = next(
                (i for i in range(at + 2, end) if tokens[i].text in _ENDINGS), end
            )
            continue
        if word == "ENCODE":
            notes["encodings"][name.name] = tokens[at + 1].name
            at += 2
        elif word == "DISTKEY":
            notes |= {"distkey": name.name, "diststyle": "key"}
            at += 1
        elif word == "SORTKEY":
            notes["sortkeys"] = [name.name]
            at += 1
        elif word in ("PRIMARY", "UNIQUE"):
            notes["keys"].append({"type": tokens[at].name, "columns": [name.name]})
            at += 1 + (word == "PRIMARY")
        else:
            notes["keys"].append({"type": "foreign", "columns": [name.name]})
            at = end
        edits.put(start, tokens[at - 1].end, "")
    return edits.applied()


def _key(tokens: Tokens, at: int, end: int) -> dict[str, Any]:
    """A declared key. Nobody enforces it."""
    opening = next((i for i in range(at, end) if tokens[i].text == "("), None)
    if opening is None:
        raise Refused(f'syntax error at or near "{tokens[at].name}"', "42601")
    key: dict[str, Any] = {
        "type": tokens[at].name,
        "columns": _names_in(tokens, opening),
    }
    after = tokens[opening].match + 1
    if tokens[at].text == "FOREIGN":
        if not tokens.words(after, "REFERENCES"):
            raise Refused("syntax error: FOREIGN KEY needs REFERENCES", "42601")
        names = [token.name for token in tokens[after + 1 : end] if token.text != "."]
        key["to"] = names[: names.index("(")] if "(" in names else names
    elif after < end:
        raise unknown(f"{tokens[after].text} behind a key")
    return key


def added_column(sql: str, tokens: Tokens, at: int) -> str:
    """ALTER TABLE … ADD or DROP of one column."""
    if tokens[at].text == "DROP":
        return sql
    begin = at + 1 + (tokens.at(at + 1).text == "COLUMN")
    notes: dict[str, Any] = {"keys": [], "encodings": {}}
    column = _column(sql, tokens, begin, len(tokens), notes)
    return f"{sql[: tokens[begin].start]}{column}"


def late_binding_view(sql: str, tokens: Tokens) -> tuple[str, str]:
    """Name and query of CREATE VIEW … AS … WITH NO SCHEMA BINDING."""
    if not tokens.words(1, "VIEW"):
        raise unknown("replacing a view without schema binding")
    as_ = next(i for i, token in enumerate(tokens) if token.text == "AS")
    name = sql[tokens[2].start : tokens[as_ - 1].end].lower()
    return name, sql[tokens[as_].end : tokens[len(tokens) - 4].start]
