"""Redshift's SQL as PostgreSQL takes it, token by token; the rest stays as it was.

What Redshift refuses is refused, and so is whatever is not in `vocabulary`: a rehearsal
that guesses proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from infra.rehearsal import calls, copy_command, qualify, tables
from infra.rehearsal import vocabulary as known
from infra.rehearsal.tokens import Edits, Refused, Token, Tokens, scan, unknown

_AS_THEY_ARE = {
    *("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "BEGIN", "START", "COMMIT"),
    *("END", "ROLLBACK", "ABORT", "GRANT", "REVOKE", "COMMENT", "DROP", "EXPLAIN"),
    *("ANALYZE", "("),
}


@dataclass(frozen=True)
class Statement:
    """What PostgreSQL is sent, and what the session must do besides.

    `tag` is what to answer instead of PostgreSQL's own. A statement that `is_alone` is
    refused in a transaction, one that `commits` ends it. `copy` is the text of a COPY.
    """

    sql: str
    tag: str | None = None
    is_alone: bool = False
    commits: bool = False
    copy: str | None = None


def rewrite(sql: str, *, is_alone: bool = True) -> Statement:
    """One statement, in no transaction but its own if `is_alone`.

    Raises Refused with what Redshift would say, or that we do not know.
    """
    statement = _rewritten(sql)
    if statement.is_alone and not is_alone:
        words = " ".join(token.text for token in scan(sql)[:2])
        raise Refused(f"{words} cannot run inside a transaction block", "25001")
    return statement


@lru_cache(maxsize=500)
def _rewritten(sql: str) -> Statement:
    tokens = scan(sql)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if any(token.text == ";" for token in tokens):
        raise Refused("cannot insert multiple commands into a prepared statement")
    if not tokens:
        return Statement(sql)
    verb = tokens[0].text
    if verb in _VERBS:
        return _VERBS[verb](sql, tokens)
    if verb in _AS_THEY_ARE:
        return Statement(_general(sql))
    raise unknown(f"the command {verb}")


def statements(sql: str) -> list[str]:
    """The statements of a text, as a simple query may hold more than one."""
    ends = [token for token in scan(sql) if token.text == ";" and token.depth == 0]
    starts = [0, *(token.end for token in ends)]
    parts = [
        sql[start:end]
        for start, end in zip(
            starts, [*(token.start for token in ends), len(sql)], strict=True
        )
    ]
    return [part for part in parts if scan(part)] or [sql]


def _created(sql: str, tokens: Tokens) -> Statement:
    if tables.creates_table(tokens):
        return Statement(_general(tables.table(sql, tokens)))
    if tokens.words(len(tokens) - 4, "WITH", "NO", "SCHEMA", "BINDING"):
        name, query = tables.late_binding_view(sql, tokens)
        query = _general(query).replace("\\", "\\\\").replace("'", "\\'")
        return Statement(
            f"call pg_redshift.create_late_binding_view('{name}', '{query}')",
            tag="CREATE VIEW",
        )
    if tokens.words(1, "VIEW") or tokens.words(1, "OR", "REPLACE", "VIEW"):
        return Statement(_general(sql))
    if tokens.words(1, "SCHEMA") or tokens.words(1, "GROUP"):
        return Statement(sql)
    if tokens.words(1, "INDEX") or tokens.words(1, "UNIQUE", "INDEX"):
        raise Refused("Redshift has no indexes; use a sort key")
    raise unknown(f"CREATE {tokens.at(1).text}")


def _altered(sql: str, tokens: Tokens) -> Statement:
    if tokens.words(1, "GROUP") or tokens.words(1, "DEFAULT", "PRIVILEGES"):
        return Statement(sql)
    if not tokens.words(1, "TABLE"):
        raise unknown(f"ALTER {tokens.at(1).text}")
    after = next(i for i in range(3, len(tokens) + 1) if tokens.at(i - 1).text != "."
                 and tokens.at(i).text != ".")  # fmt: skip
    if tokens.words(after, "RENAME") or tokens.words(after, "OWNER", "TO"):
        return Statement(sql)
    if tokens.words(after, "DROP") or tokens.words(after, "ADD"):
        if tokens.at(after + 1).text in ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"):
            raise unknown("constraints in ALTER TABLE")
        return Statement(_general(tables.added_column(sql, tokens, after)))
    if tokens.words(after, "ALTER", "COLUMN") and tokens.words(after + 3, "TYPE"):
        edits = Edits(sql)
        if tables.type_at(tokens, after + 4, edits).name != "varchar":
            raise Refused("ALTER COLUMN TYPE is only for columns of type VARCHAR")
        return Statement(edits.applied(), is_alone=True)
    raise unknown(f"ALTER TABLE … {tokens.at(after).text}")


def _copied(sql: str, _: Tokens) -> Statement:
    copy_command.parse(sql)  # so that a fault in it is told at once
    return Statement("", copy=sql)


def _truncated(sql: str, tokens: Tokens) -> Statement:
    if tokens[-1].text in ("CASCADE", "RESTRICT", "IDENTITY"):
        raise Refused("syntax error: TRUNCATE takes the name of a table only", "42601")
    return Statement(_general(sql), commits=True)


def _vacuumed(sql: str, tokens: Tokens) -> Statement:
    if len(tokens) > 4:  # VACUUM schema.table
        raise unknown("parameters of VACUUM")
    return Statement(sql, is_alone=True)


def _locked(sql: str, tokens: Tokens) -> Statement:
    if any(token.text in ("MODE", "NOWAIT") for token in tokens):
        raise Refused("syntax error: LOCK takes names of tables only", "42601")
    return Statement(_general(sql))


def _setting(sql: str, tokens: Tokens) -> Statement:
    name = tokens.at(1).name
    if name not in known.SETTINGS:
        raise unknown(f"the setting {name}")
    if name == "query_group":  # PostgreSQL wants two words for what it does not know
        place = tokens[1].start
        return Statement(f"{sql[:place]}redshift.{sql[place:]}")
    if name == "search_path" and tokens[0].text == "SET":
        return Statement(f"{sql.rstrip().rstrip(';')}, pg_redshift, pg_catalog")
    return Statement(sql)


_VERBS: dict[str, Callable[[str, Tokens], Statement]] = {
    "ALTER": _altered,
    "COPY": _copied,
    "CREATE": _created,
    "LOCK": _locked,
    "RESET": _setting,
    "SET": _setting,
    "SHOW": _setting,
    "TRUNCATE": _truncated,
    "VACUUM": _vacuumed,
}


def _general(sql: str) -> str:
    """The rules for any statement: words, functions, types, QUALIFY."""
    tokens, edits = scan(sql), Edits(sql)
    types = _casts(tokens, edits)
    for index, token in enumerate(tokens):
        if token.kind == "quoted" and token.text != token.text.lower():
            edits.put(token.start, token.end, token.text.lower())
        elif token.kind == "symbol":
            if token.text not in known.OPERATORS:
                raise unknown(f"the operator {token.text}")
        elif token.kind == "word" and index not in types:
            _word(tokens, index, edits)
    return qualify.without(edits.applied())


def _word(tokens: Tokens, index: int, edits: Edits) -> None:
    token = tokens[index]
    for words, what in known.LACKING.items():
        if words[0] == token.text and tokens.words(index, *words):
            raise Refused(f"Redshift has no {what}")
    if tokens.at(index - 1).text == ".":
        pass  # a reserved word may be a column's name behind its table's
    elif token.text in known.RESERVED:
        raise Refused(
            f'syntax error at or near "{token.name}": Redshift reserves the word',
            "42601",
        )
    elif token.text == "SYSDATE":
        edits.put(token.start, token.end, "pg_redshift.sysdate()")
    if _is_function(tokens, index):
        calls.rewrite(tokens, index, edits)


def _is_function(tokens: Tokens, index: int) -> bool:
    """Whether this is a call, and not a name, a type or a word before a parenthesis."""
    if tokens.at(index + 1).text != "(":
        return False
    first = index
    while tokens.at(first - 1).text == ".":
        first -= 2
    before, after = tokens.at(first - 1), tokens[index + 1].match + 1
    if known.TYPES.get(tokens[index].text) in known.LONGEST:
        return False  # of a column: tables.py has looked at it
    if before.kind == "word" and before.text in known.BEFORE_NAME:
        return False
    if first < index:
        if tokens[first].name != "pg_catalog":
            raise unknown(f"functions of the schema {tokens[first].name}")
        return True
    is_list = before.text in (",", ")") and (
        tokens.words(after, "AS", "(") or before.text == ")"
    )
    return tokens[index].text not in known.BEFORE_PARENTHESIS and not is_list


def _casts(tokens: Tokens, edits: Edits) -> set[int]:
    """Rewrites the types of casts; returns which tokens they are."""
    seen: set[int] = set()
    for index, token in enumerate(tokens):
        if token.text == "::":
            seen.update(tables.type_at(tokens, index + 1, edits).tokens)
        elif token.text == "CAST" and tokens.at(index + 1).text == "(":
            inside = range(index + 2, tokens[index + 1].match)
            as_ = next(
                (i for i in inside if tokens[i].text == "AS"
                 and tokens[i].depth == tokens[index + 1].depth + 1), None
            )  # fmt: skip
            if as_ is not None:
                seen.update(tables.type_at(tokens, as_ + 1, edits).tokens)
        elif _is_own_types(tokens, index):
            seen.update(range(index + 2, tokens[index + 1].match))
    return seen


def _is_own_types(tokens: Tokens, index: int) -> bool:
    """Whether an alias is here that gives the columns of a function their types."""
    return (
        _is_named(tokens[index])
        and tokens.at(index + 1).text == "("
        and tokens.words(index - 3, "PG_GET_LATE_BINDING_VIEW_COLS", "(", ")")
    )


def _is_named(token: Token) -> bool:
    return token.kind in ("word", "quoted")
