"""Calls of functions: which there are, and how PostgreSQL says the same."""

from __future__ import annotations

from infra.rehearsal import vocabulary as known
from infra.rehearsal.tokens import Edits, Refused, Tokens, unknown


def rewrite(tokens: Tokens, index: int, edits: Edits) -> None:
    """Rewrites the call of the function named here; raises Refused."""
    token, opening = tokens[index], index + 1
    name, closing = token.name, tokens[opening].match
    if name in known.LACKING_FUNCTIONS:
        raise Refused(
            f"Redshift has no {name}: {known.LACKING_FUNCTIONS[name]}", "42883"
        )
    if name not in known.FUNCTIONS:
        raise Refused(f"the stand-in does not know the function {name}", "42883")
    arguments, expected = tokens.arguments(opening), known.FUNCTIONS[name]
    if expected is not None and len(arguments) not in expected:
        raise unknown(f"the function {name} with {len(arguments)} arguments")
    if tokens.words(closing + 1, "OVER", "("):
        _check_window(name, tokens, closing + 2)
    if name == "nvl":
        edits.put(token.start, token.end, "coalesce")
    elif name in ("dateadd", "datediff"):
        part = tokens[opening + 1]
        if part.name.strip("'") not in known.DATE_PARTS:
            raise unknown(f"the date part {part.name}")
        if part.kind == "word":
            edits.put(part.start, part.end, f"'{part.name}'")
    elif name == "extract":
        field = tokens[opening + 1].name
        if field not in known.EXTRACTED:
            raise unknown(f"the date part {field}")
        edits.put(token.start, token.start, "cast(trunc(")
        kind = "bigint" if field == "epoch" else "integer"
        end = tokens[closing].end
        edits.put(end, end, f") as {kind})")
    elif name == "listagg":
        _listagg(tokens, index, len(arguments), edits)


def _check_window(name: str, tokens: Tokens, opening: int) -> None:
    inside = [token.text for token in tokens[opening : tokens[opening].match]]
    if "RANGE" in inside or "GROUPS" in inside:
        raise Refused("Redshift has only frames of ROWS")
    if name in known.FRAMED and "ORDER" in inside and "ROWS" not in inside:
        raise Refused(
            "Aggregate window functions with an ORDER BY clause require a frame clause"
        )


def _listagg(tokens: Tokens, index: int, arguments: int, edits: Edits) -> None:
    name, closing = tokens[index], tokens[tokens[index + 1].match]
    edits.put(name.start, name.end, "string_agg")
    text = "" if arguments == 2 else ", ''"
    after = tokens[index + 1].match + 1
    if tokens.words(after, "WITHIN", "GROUP", "("):
        edits.put(closing.start, tokens[after + 2].end, f"{text} ")
    elif text:
        edits.put(closing.start, closing.start, text)
