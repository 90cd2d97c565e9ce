"""`invoke status`: what there is, how large, and how old."""

import duckdb

from infra import profile as profiles
from infra import steps
from infra.console import say, table
from infra.local import count_files
from infra.project import Project
from infra.warehouse import ALIAS, identifier, quoted, reader, relations


def status(project: Project) -> tuple[str, str]:
    """Prints files, relations and steps; returns what there is and what comes next."""
    profile = project.profile
    size = profile.path.stat().st_size if profile.path.exists() else 0
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
    filled = {name for _, name, rows in relations if rows}
    return f"{len(filled)} of {len(relations)} relations hold rows", _next_step(filled)


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
