"""How good the data is, and how long each step took."""

from __future__ import annotations

from collections.abc import Sequence

from infra.report.answers import Answers, Row, sql
from infra.report.bars import Bar, bars
from infra.report.figure import Figure, Section, Spec, Table
from infra.report.wording import (
    NOTHING,
    count,
    counted,
    decimal,
    leaders,
    minute,
    percent,
)
from infra.steps import Step

# What a reader wants to be 0; the others are better when they are high
_FAULTS = {
    "plays_with_doubtful_song": "plays with a doubtful song",
    "plays_with_shared_name": "plays of a name that several artists share",
    "plays_with_repaired_text": "plays whose letters were repaired",
    "plays_with_damaged_text": "plays whose letters stay damaged",
    "events_repeated": "events delivered again",
    "sessions_with_gaps": "sessions with items missing",
    "events_quarantined": "events in quarantine",
    "songs_repeated": "songs delivered again",
    "songs_with_damaged_text": "songs whose letters stay damaged",
    "songs_quarantined": "songs in quarantine",
    "files_gone": "files that are gone",
    "files_left_out": "files of the same content as another",
    "files_rejected": "files that could not be loaded",
    "rows_rejected": "rows rejected from loaded files",
    "rejects_open": "rejects of all loads that are open",
}
_SET_ASIDE = ("events_quarantined", "songs_quarantined")


def section(answers: Answers, steps: Sequence[Step]) -> Section:
    """The figures about the data and about the way that it came."""
    return Section(
        "health",
        "How good the data is",
        [quality(answers["quality"]), seconds(steps)],
    )


def quality(rows: Sequence[Row]) -> Figure:
    """What is damaged, set aside or rejected."""
    found = {row["measure"]: row for row in rows}
    faults = [found[name] for name in _FAULTS if name in found]
    some = [row for row in faults if row["value"]]
    clean = len(faults) - len(some)
    return Figure(
        name="quality",
        topic="Data quality",
        finding=_set_aside(found),
        unit="Share of the plays, events, songs, sessions, rows or files that has the "
        "fault",
        picture="Bars, one for each kind of fault that there is",
        table=_measures(rows),
        source=sql("quality"),
        chart=_faults(some) if some else None,
        notes=(
            _fresh(found),
            f"{counted(clean, 'other kind' if some else 'kind')} of fault looked for, "
            "and none found.",
        ),
    )


def _measures(rows: Sequence[Row]) -> Table:
    """Every measure, numbers and moments in one column."""
    return Table(
        ("Measure", "Number", "Of", "Share", "What it says"),
        [
            (
                row["measure"].replace("_", " "),
                minute(row["moment"]) if row["value"] is None else count(row["value"]),
                f"{count(row['total'])} {row['out_of']}" if row["out_of"] else "",
                percent(row["share"]),
                row["explanation"],
            )
            for row in rows
        ],
    )


def _faults(rows: Sequence[Row]) -> Spec:
    return bars(
        [
            Bar(
                _FAULTS[row["measure"]],
                row["share"] or 0,
                count(row["value"])
                + ("" if row["share"] is None else f" · {percent(row['share'])}"),
                "free" if row["measure"] in _SET_ASIDE else "accent",
            )
            for row in rows
        ]
    )


def _set_aside(found: dict[str, Row]) -> str:
    """What the star leaves out, in a sentence."""
    if not found:
        return "Nothing has been loaded yet"
    if not (found["events"]["total"] or found["songs"]["total"]):
        if rejects := found["rejects_open"]["value"]:
            return f"Nothing was loaded: {counted(rejects, 'open reject')}"
        return "Nothing has been loaded yet"
    kept = [
        (found["events_quarantined"]["value"], "event", "in quarantine"),
        (found["songs_quarantined"]["value"], "song", "in quarantine"),
        (found["rejects_open"]["value"], "open reject", ""),
    ]
    told = [f"{counted(n, noun)} {where}".strip() for n, noun, where in kept if n]
    return ", ".join(told) or "Nothing is in quarantine, and nothing rejected is open"


def _fresh(found: dict[str, Row]) -> str:
    event, load = (
        minute(found[name]["moment"]) if name in found else NOTHING
        for name in ("last_event", "last_load")
    )
    return f"Last event: {event}. Last load: {load}."


def seconds(steps: Sequence[Step]) -> Figure:
    """The seconds of each step's last run."""
    total = sum(step.seconds for step in steps)
    longest = leaders(steps, lambda step: step.seconds)
    finding = "No step has been run from this folder yet"
    if longest:
        finding = (
            f"The step {longest[0].name} takes {_seconds(longest[0].seconds)} of the "
            f"{_seconds(total)} of all steps"
        )
    return Figure(
        name="steps",
        topic="Seconds of each step",
        finding=finding,
        unit="Seconds of the last run of each step on this machine, oldest run first",
        picture="Bars, one for each step",
        table=Table(
            ("Step", "Last run, UTC", "Seconds"),
            [
                (
                    step.name,
                    step.finished_at[:19].replace("T", " "),
                    decimal(step.seconds),
                )
                for step in steps
            ],
            texts=2,
        ),
        source="What `invoke verify` prints last; the tasks note it in "
        ".sparkify/steps.json.",
        chart=bars(
            [Bar(f"invoke {s.name}", s.seconds, _seconds(s.seconds)) for s in steps]
        )
        if longest
        else None,
        is_query=False,
    )


def _seconds(number: float) -> str:
    return f"{decimal(number)}\u00a0s"  # one word
