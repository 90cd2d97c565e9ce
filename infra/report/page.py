"""The report as one HTML file: no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import jinja2
from markupsafe import Markup

from infra.report import palette
from infra.report.answers import Answers, Row, sql
from infra.report.figure import Section
from infra.report.wording import count, decimal, minute, percent, ratio, short_day

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Origin:
    """Where the page comes from: the target and its engine, when, of what raw files."""

    target: str
    made_at: datetime
    is_simulated: bool = False


@dataclass(frozen=True)
class Tile:
    """A figure of the first row, with what it says."""

    name: str
    number: str
    note: str = ""


def rendered(
    answers: Answers,
    sections: list[Section],
    drawings: Mapping[str, str],
    origin: Origin,
) -> str:
    """The page. `drawings` are SVGs by the figure's name, trusted to be clean."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    (headline,) = answers["headline"]
    style = "\n" + palette.css() + "\n" + (_HERE / "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("page.html.j2").render(
        style=Markup(style),  # noqa: S704 - the project's own file
        style_hash=f"sha256-{digest}",
        period=period(headline),
        is_empty=not headline["plays"],
        is_simulated=origin.is_simulated,
        tiles=tiles(headline),
        headline_sql=sql("headline"),
        sections=sections,
        drawings={name: Markup(svg) for name, svg in drawings.items()},  # noqa: S704 - drawing.inlined made them
        fresh=_fresh(answers),
        target=origin.target,
        made_at=minute(origin.made_at),
    )


def period(headline: Row) -> str:
    """The days between the first and the last play."""
    if headline["first_play_at"] is None:
        return "no plays yet"
    first, last = (headline[f"{end}_play_at"] for end in ("first", "last"))
    if first.date() == last.date():
        return f"{short_day(first)}, UTC"
    return f"{short_day(first)} to {short_day(last)}, UTC"


def tiles(headline: Row) -> list[Tile]:
    """The headline figures."""
    plays, hours = headline["plays"], headline["hours"] or 0
    paid = ratio(headline["paid_plays"], plays)
    songs = ratio(headline["plays_with_song"], plays)
    found = [
        Tile("Plays", count(plays)),
        Tile("Listeners", count(headline["listeners"]), "people who played"),
        Tile("Sessions", count(headline["sessions"]), "with a play"),
        Tile("Hours", decimal(hours)),
        Tile("Paid share", percent(paid), "of the plays"),
        Tile("Match rate", percent(songs), "of the plays have a song"),
    ]
    if not plays:
        return found
    each = ratio(hours, headline["listeners"])
    artists = percent(ratio(headline["plays_with_artist"], plays))
    notes = {
        "Plays": f"{_daily(headline)} a day",
        "Hours": f"{decimal(each)} per listener",
        "Match rate": f"of plays by song, {artists} by artist",
    }
    return [replace(tile, note=notes.get(tile.name, tile.note)) for tile in found]


def _daily(headline: Row) -> str:
    """Plays by day, from the day of the first play to that of the last."""
    first, last = (headline[f"{end}_play_at"].date() for end in ("first", "last"))
    plays = float(headline["plays"] / ((last - first).days + 1))
    return count(plays) if plays >= 10 else decimal(plays)


def _fresh(answers: Answers) -> list[tuple[str, str]]:
    moments = {row["measure"]: row["moment"] for row in answers["quality"]}
    return [
        ("Last event", minute(moments.get("last_event"))),
        ("Last load", minute(moments.get("last_load"))),
    ]
