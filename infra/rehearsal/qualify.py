"""QUALIFY, which PostgreSQL has not, as a subquery."""

from __future__ import annotations

from infra.rehearsal.tokens import Edits, Refused, Tokens, scan, unknown

_BEHIND = {"ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", ";"}
_NO_NAME = {"END", "NULL", "TRUE", "FALSE"}


def without(sql: str) -> str:
    """The text with a subquery in place of each QUALIFY."""
    tokens = scan(sql)
    places = [i for i, token in enumerate(tokens) if token.text == "QUALIFY"]
    if not places:
        return sql
    # The innermost first: its text is part of the others'
    place = max(places, key=lambda index: tokens[index].depth)
    return without(_one(sql, tokens, place))


def _one(sql: str, tokens: Tokens, place: int) -> str:
    depth = tokens[place].depth
    level = [i for i, token in enumerate(tokens) if token.depth == depth]
    select = max(i for i in level if i < place and tokens[i].text == "SELECT")
    from_ = next(i for i in level if select < i and tokens[i].text == "FROM")
    closing = next(
        (i for i in range(place, len(tokens)) if tokens[i].depth < depth), len(tokens)
    )
    end = next(
        (i for i in level if place < i < closing and tokens[i].text in _BEHIND), closing
    )
    last = tokens[end - 1].end
    _check_alias(tokens, level, from_, place)
    source = sql[tokens[from_].start : tokens[place].start]
    condition = sql[tokens[place].end : last]
    if tokens[select + 1].text == "*" and from_ == select + 2:
        alias = _only_relation(tokens, level, from_, place)
        columns, inner = "(qualified.whole).*", f"{alias} as whole"
    else:
        columns = ", ".join(_names(tokens, select, from_))
        inner = sql[tokens[select].end : tokens[from_].start]
    edits = Edits(sql)
    edits.put(
        tokens[select].start,
        last,
        f"select {columns} from (select {inner}, ({condition}) as kept {source}) "
        "as qualified where kept",
    )
    return edits.applied()


def _check_alias(tokens: Tokens, level: list[int], from_: int, place: int) -> None:
    """Redshift takes QUALIFY for the alias of a table that stands right before it."""
    between = {tokens[i].text for i in level if from_ < i < place}
    if {"WHERE", "GROUP", "HAVING", "ON"} & between:
        return
    alias, before = tokens[place - 1], tokens[place - 2]
    if alias.text == ")" or before.text in (".", ",", "FROM", "JOIN"):
        raise Refused(
            'syntax error at or near "qualify": the table before it needs an alias',
            "42601",
        )


def _only_relation(tokens: Tokens, level: list[int], from_: int, place: int) -> str:
    """The alias of the one relation of FROM."""
    words = [i for i in level if from_ < i < place]
    stop = next(
        (i for i in words if tokens[i].text in ("WHERE", "GROUP", "HAVING")), place
    )
    if any(tokens[i].text in (",", "JOIN") for i in words if i < stop):
        raise unknown("QUALIFY with * over more than one table")
    alias = tokens[stop - 1]
    if alias.kind not in ("word", "quoted"):
        raise unknown("QUALIFY with * over a subquery without alias")
    return alias.name


def _names(tokens: Tokens, select: int, from_: int) -> list[str]:
    """The names of the columns that a list of expressions has."""
    if tokens[select + 1].text in ("DISTINCT", "ALL", "TOP"):
        raise unknown(f"QUALIFY with SELECT {tokens[select + 1].text}")
    depth, names = tokens[select].depth, []
    ends = [
        i
        for i in range(select, from_ + 1)
        if i == from_ or (tokens[i].text == "," and tokens[i].depth == depth)
    ]
    starts = {select, *ends}
    for end in ends:
        last, before = tokens[end - 1], tokens[end - 2]
        is_word = last.kind in ("word", "quoted") and last.text not in _NO_NAME
        ends_expression = before.kind != "symbol" or before.text in (".", ")")
        if not is_word or not (ends_expression or end - 2 in starts):
            raise unknown("QUALIFY with a column without a name of its own")
        names.append(f'"{last.name}"')
    return names
