"""`invoke report` as a person types it."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import REPOSITORY, SMALL, Built, Checkout, fails, succeeds

from infra import console
from infra.errors import ConfigurationError
from infra.report import write
from infra.report.answers import ask, questions, sql
from infra.report.wording import count, decimal, percent
from infra.warehouse import writer

PNG = b"\x89PNG\r\n\x1a\n"
TILE = re.compile(r'<div class="tile"><dt>(.*?)</dt><dd><strong>(.*?)</strong>')


def page(checkout: Checkout) -> str:
    return (checkout.root / "target" / "report.html").read_text(encoding="utf-8")


def tiles(checkout: Checkout) -> dict[str, str]:
    return {name: html.unescape(told) for name, told in TILE.findall(page(checkout))}


def test_the_task_says_what_it_wrote_and_what_comes_next(reported: Checkout) -> None:
    told = (reported.root.parent / "told.txt").read_text()
    assert re.search(
        r"^report  wrote target/report\.html: 16 charts, 0\.\d\d MB, 16 pictures in "
        r"pictures \(\d+\.\d s\)\nnext: open target/report\.html in a browser\n\Z",
        told,
        re.MULTILINE,
    )


def test_the_page_is_small(reported: Checkout) -> None:
    assert len(page(reported).encode()) < 1_500_000


def test_each_chart_is_a_picture_too(reported: Checkout) -> None:
    pictures = sorted((reported.root / "pictures").iterdir())
    charts = set(re.findall(r'<h3 id="(\w+)">', page(reported)))
    assert {each.name for each in pictures} == {f"{name}.png" for name in charts}
    assert len(charts) == 16
    assert all(each.read_bytes().startswith(PNG) for each in pictures)


def test_the_headline_is_that_of_the_star(reported: Checkout) -> None:
    plays, listeners, sessions, hours, paid, matched = reported.query(
        "select count(*), count(distinct user_id), count(distinct session_id), "
        "sum(duration) / 3600, avg((level = 'paid')::int), "
        "count(song_id) / count(*) from songplays"
    )[0]
    assert tiles(reported) == {
        "Plays": count(plays),
        "Listeners": count(listeners),
        "Sessions": count(sessions),
        "Hours": decimal(hours),
        "Paid share": percent(paid),
        "Match rate": percent(matched),
    }


def test_the_queries_on_the_page_give_its_numbers(reported: Checkout) -> None:
    """As a person copies them into `invoke sql`."""
    shown = [
        html.unescape(each)
        for each in re.findall("<code>(select.*?)</code>", page(reported), re.DOTALL)
    ]
    assert set(shown) == {sql(name) for name in questions()}
    told = succeeds(reported.invoke("sql", sql("songs"), "--csv"))
    first = told.splitlines()[1]
    assert re.search(r"<tr><th scope=\"row\">1</th><td>(.*?)</td>", page(reported))
    assert html.unescape(page(reported)).count(first.split(",")[1]) >= 2


def test_all_rows_of_the_marts_are_answered(reported: Checkout) -> None:
    with console.bar("asking") as bar:
        found = ask(reported.project, bar)
    plays = found["headline"][0]["plays"]
    for name in ("hours", "days", "eras", "levels", "states", "devices"):
        assert sum(row["plays"] for row in found[name]) == plays, name
    for thing in ("song", "artist"):
        rows = [row for row in found["matching"] if row["thing"] == thing]
        assert sum(row["plays"] for row in rows) == plays


def test_a_second_run_replaces_the_first(own_built: Checkout) -> None:
    path = own_built.root / "target" / "report.html"
    succeeds(own_built.invoke("report", "--png", "some/where"))
    path.write_text("older")
    succeeds(own_built.invoke("report", "--png", "some/where"))
    assert page(own_built).startswith("<!DOCTYPE html>")
    assert not list(path.parent.glob("*.partial"))
    assert len(list((own_built.root / "some" / "where").iterdir())) == 16
    assert "invoke report</text>" in page(
        own_built
    )  # its own seconds, of the first run


def test_control_characters_and_html_of_the_log_come_to_nothing(
    own_built: Checkout,
) -> None:
    hostile = "<img src=x onerror=alert(1)>" + chr(0x19) + "&oacute;"
    with writer(own_built.project.profile) as connection:
        for table, column in (
            ("song_activity", "artist_name"),
            ("location_activity", "state_name"),
        ):
            connection.execute(
                f"update sparkify_marts.{table} set {column} = ?", [hostile]
            )
    succeeds(own_built.invoke("report"))
    assert "<img" not in page(own_built)
    assert "\x19" not in page(own_built)
    assert r"&lt;img src=x onerror=alert(1)&gt;\x19&amp;oacute;" in page(own_built)


def test_before_up_the_next_step_is_told(checkout: Checkout) -> None:
    told = fails(checkout.invoke("report"), 1)
    assert "There is no profiles.yml yet; run `invoke up` first." in told


def test_without_a_warehouse_and_without_marts_the_next_step_is_told(
    own_built: Checkout,
) -> None:
    with writer(own_built.project.profile) as connection:
        connection.execute("drop table sparkify_marts.era_activity")
    told = fails(own_built.invoke("report"), 1)
    assert "not all of them are built yet; run `invoke load build`" in told
    (own_built.root / "sparkify.duckdb").unlink()
    assert "run `invoke up load build`" in fails(own_built.invoke("report"), 1)
    assert not (own_built.root / "target" / "report.html").exists()


def test_pictures_need_a_folder(built: Built) -> None:
    told = fails(built.checkout.invoke("report", "--png", "invoke.yaml"), 2)
    assert "--png invoke.yaml: that is a file; name a folder" in told
    told = fails(built.checkout.invoke("report", "--png", "invoke.yaml/below"), 2)
    assert "name a folder" in told


def test_libraries_that_are_missing_are_named(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_NEEDED", ("json", "no_such_drawer"))
    with (
        console.bar("reporting") as bar,
        pytest.raises(ConfigurationError, match="drawn with no_such_drawer, which"),
    ):
        write.write(built.checkout.project, "", bar)


def test_the_list_of_tasks_waits_for_none_of_the_libraries() -> None:
    slow = "{'altair', 'vl_convert', 'jinja2'}"
    code = f"import sys, tasks; print({slow} & set(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "set()\n"


def test_an_empty_warehouse_gives_a_page_that_says_so(
    checkout: Checkout, tmp_path: Path
) -> None:
    for name in ("song_data", "log_data"):
        (tmp_path / "landing" / name).mkdir(parents=True)
    succeeds(checkout.invoke("up", env=SMALL))
    env = {"INVOKE_SPARKIFY_LANDING": str(tmp_path / "landing")}
    succeeds(checkout.invoke("load", "--allow-empty", env=env))
    succeeds(checkout.dbt("build", "--exclude-resource-type", "test", "unit_test"))
    told = succeeds(checkout.invoke("report", env=env))
    assert "wrote target/report.html: 1 chart, " in told
    assert "There is nothing to report yet." in page(checkout)
    assert tiles(checkout)["Plays"] == "0"


def test_figures_of_the_published_data_are_the_known_ones(
    real: Checkout, tmp_path: Path
) -> None:
    copy = real.copied_to(tmp_path / "checkout")
    succeeds(copy.invoke("report"))
    assert tiles(copy) == {
        "Plays": "6,820",
        "Listeners": "96",
        "Sessions": "776",
        "Hours": "468.0",
        "Paid share": "82.0\u00a0%",
        "Match rate": "5.0\u00a0%",
    }
    told = html.unescape(page(copy))
    for known in (
        "1 Nov 2018 to 30 Nov 2018, UTC",
        "Busiest on Tuesdays at 20:00 UTC, with 28.8 plays an hour",
        "Most plays in all on Fridays at 16:00 UTC: 140 in 5 such hours.",
        "“You're The One” by Dwight Yoakam leads with 37 plays",
        "Coldplay leads with 58 plays",
        "California leads with 1,572 plays, 23.0\u00a0% of all",
        "8 of 83 free stays became paid",
        "among the 3.8\u00a0% of plays that have a year",
        "Nothing is in quarantine, and nothing rejected is open",
    ):
        assert known in told
    assert len(told.encode()) < 1_500_000
