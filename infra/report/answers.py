"""The report's questions, and what the warehouse answers to them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.asking import asking
from infra.console import visible
from infra.query import headers_of

if TYPE_CHECKING:
    from infra.console import Bar
    from infra.project import Project

Row = dict[str, Any]
Answers = dict[str, list[Row]]  # rows by the question's name

NOT_BUILT = (
    "The report is drawn from the marts, and not all of them are built yet; run "
    "`invoke load build`."
)
_FOLDER = Path(__file__).parent / "queries"


def questions() -> list[str]:
    """The names of all questions."""
    return sorted(path.stem for path in _FOLDER.glob("*.sql"))


def sql(name: str) -> str:
    """The query of a question, as a person may type it into `invoke sql`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8").rstrip()


def ask(project: Project, bar: Bar) -> Answers:
    """Asks all questions in one connection, which is closed before this returns."""
    with asking(project, NOT_BUILT) as asked:
        found: Answers = {}
        for name in bar.track(questions(), "asking the warehouse"):
            answer = asked.execute(sql(name))
            headers = headers_of(answer)
            found[name] = [
                {header: plain(cell) for header, cell in zip(headers, row, strict=True)}
                for row in answer.fetchall()
            ]
    return found


def plain(cell: Any) -> Any:  # noqa: ANN401 - a cell holds anything
    r"""A cell as both engines give it: numbers as int or float, text that is harmless.

    Control characters show as \x19 and the like. No XML holds them, and what measures
    the texts of a chart brings the whole process down when it meets one.
    """
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    if cell is None or isinstance(cell, (bool, int, float, date, datetime)):
        return cell
    return visible(str(cell)).replace("\n", "\\n")
