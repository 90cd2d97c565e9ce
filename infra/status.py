"""`invoke status`: what there is, how large, and how old."""

from dataclasses import asdict
from typing import Any

import duckdb

from infra import profile as profiles
from infra import steps
from infra.console import say, table
from infra.local import count_files
from infra.project import Project
from infra.query import print_document
from infra.warehouse import ALIAS, identifier, quoted, reader, relations


def status(project: Project) -> tuple[str, str]:
    """Prints files, relations and steps; returns what there is and what comes next."""
    profile = project.profile
    size = _size(project)
    files = count_files(project)
    say(
        f"target {profile.target} ({profile.type}): {project.shown(profile.path)}, "
        f"{size / 1e6:,.1f} MB"
    )
    counted = ", ".join(f"{count:,} files in {name}" for name, count in files.items())
    say(f"landing {project.shown(project.settings.landing)}: {counted or 'on S3'}")
    relations = _relations(project)
    table(
        ("schema", "relation", "rows"),
        [(schema, name, f"{rows:,}") for schema, name, rows in relations],
    )
    steps.report(project.root)
    filled = _filled(relations)
    return f"{len(filled)} of {len(relations)} relations hold rows", _next_step(filled)


def print_status(project: Project) -> None:
    """Prints the same as a JSON object, for a program."""
    print_document(as_json(project))


def as_json(project: Project) -> dict[str, Any]:
    """Plain values; sizes in bytes, `raw_files` is None where they lie on S3."""
    profile = project.profile
    relations = _relations(project)
    return {
        "target": profile.target,
        "type": profile.type,
        "warehouse": str(project.shown(profile.path)),
        "warehouse_bytes": _size(project),
        "landing": str(project.shown(project.settings.landing)),
        "raw_files": count_files(project) or None,
        "relations": [
            {"schema": schema, "relation": name, "rows": rows}
            for schema, name, rows in relations
        ],
        "steps": [asdict(step) for step in steps.read(project.root)],
        "next_step": _next_step(_filled(relations)),
    }


def headline(project: Project) -> str:
    """What the star holds, in a few words; nothing before all of it is built."""
    if profiles.default_redshift(project.root) is not None:
        return ""  # what a cluster holds, only its own SQL tells so far
    with reader(project.profile) as connection:
        try:
            row = connection.execute(
                "select (select count(*) from songplays), "
                "(select count(*) from users), (select count(*) from songs)"
            ).fetchone()
        except duckdb.CatalogException:
            return ""  # a part was built, as with --select
    plays, users, songs = row or (0, 0, 0)
    return f": {plays:,} plays, {users:,} users, {songs:,} songs"


def _size(project: Project) -> int:
    """Bytes of the warehouse file."""
    path = project.profile.path
    return path.stat().st_size if path.exists() else 0


def _filled(relations: list[tuple[str, str, int]]) -> set[str]:
    """The relations that hold rows."""
    return {name for _, name, rows in relations if rows}


def _relations(project: Project) -> list[tuple[str, str, int]]:
    """Schema, name and rows of every table, counted in one statement."""
    with reader(project.profile) as connection:
        names = relations(connection)
        counts = connection.execute(
            " union all ".join(
                f"select {quoted(schema)}, {quoted(name)}, count(*) "
                f"from {ALIAS}.{identifier(schema)}.{identifier(name)}"
                for schema, name in names
            )
            or "select '', '', 0 where false"
        ).fetchall()
    return sorted((str(schema), str(name), int(rows)) for schema, name, rows in counts)


def _next_step(filled: set[str]) -> str:
    if "staging_events" not in filled:
        return "invoke load"
    if "songplays" not in filled:
        return "invoke build"
    return "invoke verify"
