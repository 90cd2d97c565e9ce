"""What each figure says of its data: ties, gaps, small and missing numbers included."""

from datetime import UTC, date, datetime

import pytest
from answered import (
    active,
    answers,
    artist,
    cohort,
    day,
    device,
    era,
    every,
    figure,
    hour,
    level,
    measure,
    nothing,
    song,
    state,
    step,
)

from infra.report import health, page, wording
from infra.report.answers import plain
from infra.report.heat import limits
from infra.steps import Step

NBSP = "\u00a0"


# Time


def test_the_busiest_hour_is_the_one_of_most_plays_in_each() -> None:
    hours = [hour(5, 16, 140, 5), hour(2, 20, 115, 4), hour(1, 3, 7)]
    found = figure("hours", hours=hours)
    assert found.finding == "Busiest on Tuesdays at 20:00 UTC, with 28.8 plays an hour"
    assert found.notes == (
        "Most plays in all on Fridays at 16:00 UTC: 140 in 5 such hours.",
    )


def test_hours_that_tie_are_named_and_of_many_only_some() -> None:
    two = [hour(1, 9, 8), hour(2, 9, 8), hour(3, 9, 4)]
    assert figure("hours", hours=two).finding == (
        "Busiest on Mondays at 09:00 UTC and Tuesdays at 09:00 UTC, with 2.0 plays an "
        "hour"
    )
    many = [hour(1, at, 8) for at in range(24)]
    assert figure("hours", hours=many).finding == (
        "Busiest on Mondays at 00:00 UTC, Mondays at 01:00 UTC and 22 other hours of "
        "the week, with 2.0 plays an hour"
    )


def test_an_hour_that_the_log_does_not_hold_leads_nothing() -> None:
    found = figure("hours", hours=[hour(1, 0, 0, 0), hour(1, 1, 4)])
    assert found.finding.startswith("Busiest on Mondays at 01:00 UTC")
    assert found.table.rows[0] == ("00:00", wording.NOTHING)


def test_the_best_day_is_told_and_days_that_tie() -> None:
    one = figure("plays", days=[day(7, 2, 3), day(6, 4, 4)])
    assert one.finding == "Most plays on Tuesday 6 November 2018: 8"
    assert one.notes == (f"53.8{NBSP}% of these plays are paid.",)
    two = figure("listeners", days=[day(7, 2, 3), day(6, 3, 1)])
    assert two.finding == (
        "Most listeners on Tuesday 6 November 2018 and Wednesday 7 November 2018: 3"
    )


def test_days_are_in_order_and_those_left_out_are_told() -> None:
    found = figure("plays", days=[day(7, 2, 3), day(6, 4, 4)])
    assert [row[0] for row in found.table.rows] == ["Tue 2018-11-06", "Wed 2018-11-07"]
    days = [day(2, 1, 1)] * 120
    assert "120" not in figure("plays", days=days).unit
    for name in ("plays", "listeners"):
        many = figure(name, days=[*days, day(1, 9, 9)])
        assert many.finding.startswith(f"Most {name} of the last 120 days on ")
        assert "on each day of the last 120 days, UTC" in many.unit
        assert len(many.table.rows) == 120
        assert "2018-11-01" not in str(many.table.rows)


def test_active_listeners_are_told_of_the_last_whole_week() -> None:
    rows = [active(9, is_full_week=False, wau=50), active(8), active(7, wau=8)]
    found = figure("active", active=rows)
    assert found.finding == "9 active in the 7 days up to Thursday 8 November 2018"
    assert found.table.rows[2] == (
        "Fri 2018-11-09",
        "3",
        wording.NOTHING,
        wording.NOTHING,
    )
    short = figure("active", active=[active(8, is_full_week=False)])
    assert short.finding == "The log is shorter than a week"


# Songs and artists


def test_the_song_played_most_is_told_and_songs_that_tie() -> None:
    assert figure("songs").finding == "“Undo” by Björk leads with 9 plays"
    tied = [song("A", "X", 1), song("B", "Y", 1)]
    assert figure("songs", songs=tied).finding == (
        "“A” by X and “B” by Y lead with 1 play each"
    )


def test_a_long_name_is_cut_in_the_sentence_and_whole_in_the_table() -> None:
    name = "W" * 1000
    found = figure("artists", artists=[artist(name, 3)])
    assert found.finding == f"{'W' * 59}… leads with 3 plays"
    assert found.table.rows[0][1] == name


def test_eras_tell_of_how_many_plays_they_know() -> None:
    found = figure("eras")
    assert found.finding == (
        f"Songs of the 2000s lead among the 10.0{NBSP}% of plays that have a year"
    )
    assert found.notes == (
        "Not here: 90 plays of no song of the catalogue, or of a doubtful one.",
    )
    tied = figure("eras", eras=[era("1990s", 3), era("2000s", 3)])
    assert tied.finding.startswith("Songs of the 1990s and 2000s lead among the 100.0")
    unknown = figure("eras", eras=[era("no song", 3)])
    assert unknown.finding == "No play has a song with a year"
    assert unknown.chart is None


def test_matches_count_what_was_found_and_nothing_else() -> None:
    assert figure("matching").finding == (
        f"5.0{NBSP}% of plays have a song of the catalogue, 65.0{NBSP}% an artist"
    )
    told = [row[0] for row in figure("matching").table.rows]
    assert "Song: not found" in told
    assert "Artist: several go by the name" in told


# People


@pytest.mark.parametrize(
    ("levels", "finding"),
    [
        (
            [level("free", 4, 1, 2.0), level("paid", 2, 1, 5.0)],
            "A paying listener hears 5.0 times the hours of a free one, 2.5 against "
            "0.5",
        ),
        (
            [level("free", 4, 1, 2.0), level("paid", 4, 1, 2.02)],
            "A paying listener hears about as many hours as a free one",
        ),
        ([level("paid", 4, 1, 2.0)], "All plays are paid"),
    ],
)
def test_levels_are_compared_by_hours_of_a_listener(
    levels: list[dict[str, object]], finding: str
) -> None:
    assert figure("levels", levels=levels).finding == finding


def test_a_funnel_tells_its_first_and_its_last_step() -> None:
    assert figure("upgrades").finding == "2 of 8 free stays became paid"
    assert figure("downgrades").finding == "2 of 8 paid stays became free"
    one = [step("upgrade", 1, "free", 1), step("upgrade", 4, "paid", 0)]
    assert figure("upgrades", funnel=one).finding == "0 of 1 free stay became paid"
    none = [step("upgrade", 1, "free", 0), step("upgrade", 4, "paid", 0)]
    assert figure("upgrades", funnel=none).finding == "No stay could end in an upgrade"


def test_retention_is_that_of_whole_weeks() -> None:
    first = [cohort(5, 0, 40, 40), cohort(5, 1, 40, 40)]
    second = [cohort(12, 0, 4, 4), cohort(12, 1, 4, 3)]
    found = figure("retention", retention=[*first, *second])
    assert found.finding == (
        f"75.0{NBSP}% of new listeners play again in the week after their first"
    )
    assert found.notes == (
        "Of the first cohort many listened before the log began: the finding leaves it "
        "out.",
    )
    partial = [cohort(12, 0, 4, 4, full=False), cohort(12, 1, 4, 3, full=False)]
    found = figure("retention", retention=[*first, *partial])
    assert found.finding == (
        "No cohort of new listeners has a whole week after its first yet"
    )
    assert found.table.rows[1] == ("2018-11-12", "4", "100.0%", "75.0%*")
    assert found.notes[0].startswith("* The log holds this week in part")


def test_of_many_cohorts_the_last_are_shown_and_all_of_these_count() -> None:
    rows = [
        {**cohort(5, since, 4, 4), "cohort_week": date(2018, month, 5)}
        for month in range(1, 13)
        for since in (0, 1)
    ]
    earlier = {**cohort(5, 0, 9, 9), "cohort_week": date(2017, 12, 5)}
    found = figure("retention", retention=[earlier, *rows])
    assert len(found.table.rows) == 12
    assert found.finding.startswith("100.0")
    assert found.notes == ("Cohorts before the last 12 are left out.",)


def test_cohorts_of_several_years_are_told_apart() -> None:
    rows = [
        {**cohort(5, 0, 4, 4), "cohort_week": date(year, 11, 5)}
        for year in (2018, 2019)
    ]
    assert "'5 Nov 2019 (4)'" in str(figure("retention", retention=rows).chart)
    assert "'5 Nov (4)'" in str(figure("retention", retention=rows[:1]).chart)


# Places and devices


def test_places_are_told_with_their_share() -> None:
    assert figure("states").finding == (
        f"California leads with 30 plays, 75.0{NBSP}% of all"
    )
    tied = figure("states", states=[state("Ohio", 5), state("Iowa", 5)])
    assert tied.finding == f"Ohio and Iowa lead with 5 plays, 50.0{NBSP}% of all each"


def test_one_bar_stands_for_all_others() -> None:
    def labels(count: int) -> list[str]:
        rows = [state(f"S{number:02}", 20 - number) for number in range(count)]
        chart = figure("states", states=rows).chart
        assert chart is not None
        (data,) = chart["datasets"].values() if "datasets" in chart else ([],)
        return [row["label"] for row in data or chart["data"]["values"]]

    assert labels(11)[-1] == "S10"  # one other is no others
    assert labels(12)[-1] == "2 other states"
    assert len(labels(12)) == 11


def test_a_device_without_a_name_is_told_once() -> None:
    rows = [device("unknown", "unknown", 3)]
    assert figure("devices", devices=rows).finding.startswith("unknown (desktop) leads")


# Data


def test_what_is_set_aside_is_told() -> None:
    some = [
        measure("events", 90),
        measure("songs", 10),
        measure("events_quarantined", 2),
        measure("songs_quarantined", 1),
        measure("rejects_open", 3, None),
    ]
    assert figure("quality", quality=some).finding == (
        "2 events in quarantine, 1 song in quarantine, 3 open rejects"
    )
    assert figure("quality").finding == (
        "Nothing is in quarantine, and nothing rejected is open"
    )


def test_after_a_refused_load_its_rejects_are_told() -> None:
    refused = [
        *(measure(name, 0) for name in ("events", "songs")),
        measure("rejects_open", 13, None),
    ]
    refused = [{**row, "total": 0} for row in refused]
    found = figure("quality", quality=refused)
    assert found.finding == "Nothing was loaded: 13 open rejects"
    assert found.chart is not None
    assert "rejects of all loads that are open" in str(found.chart)


def test_freshness_and_kinds_of_fault_that_are_not_there_are_told() -> None:
    assert figure("quality").notes == (
        "Last event: 2018-11-30 19:54 UTC. Last load: 2018-11-30 19:54 UTC.",
        "3 other kinds of fault looked for, and none found.",
    )


def test_the_longest_step_is_told() -> None:
    assert figure("steps").finding == (
        "The step build takes 8.5\u00a0s of the 10.5\u00a0s of all steps"
    )
    assert health.seconds([]).finding == "No step has been run from this folder yet"
    none = health.seconds([Step("up", 0.0, "2018-11-05T00:00:00+00:00")])
    assert none.chart is None


def test_of_nothing_every_figure_says_so_and_draws_nothing() -> None:
    found = {each.name: each for each in every(nothing())}
    assert {name for name, each in found.items() if each.chart} == {"steps"}
    for name in found.keys() - {"steps"}:
        assert found[name].finding.startswith(("No", "Nothing"))
    assert page.period(nothing()["headline"][0]) == "no plays yet"
    assert {tile.number for tile in page.tiles(nothing()["headline"][0])} == {
        *("0", "0.0", wording.NOTHING)
    }


# Words


def test_the_headline_tells_period_and_shares() -> None:
    (headline,) = answers()["headline"]
    assert page.period(headline) == "5 Nov 2018 to 8 Nov 2018, UTC"
    told = {tile.name: (tile.number, tile.note) for tile in page.tiles(headline)}
    assert told == {
        "Plays": ("40", "10 a day"),
        "Listeners": ("4", "people who played"),
        "Sessions": ("5", "with a play"),
        "Hours": ("2.5", "0.6 per listener"),
        "Paid share": (f"75.0{NBSP}%", "of the plays"),
        "Match rate": (f"5.0{NBSP}%", f"of plays by song, 65.0{NBSP}% by artist"),
    }
    same_day = {**headline, "last_play_at": headline["first_play_at"]}
    assert page.period(same_day) == "5 Nov 2018, UTC"


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0.0"), (0.0004, "< 0.1"), (0.0005, "0.1"), (0.0345, "3.5"), (1, "100.0")],
)
def test_a_small_share_is_not_nothing(share: float, told: str) -> None:
    assert wording.percent(share) == f"{told}{NBSP}%"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *((0.4, "0 s"), (87.0, "87 s"), (119.0, "119 s"), (120.0, "2.0 min")),
        *((7200.0, "2.0 h"), (172_800.0, "2.0 days"), (None, wording.NOTHING)),
    ],
)
def test_a_time_has_the_unit_that_fits(seconds: float | None, told: str) -> None:
    assert wording.duration(seconds) == told.replace(" ", "\u00a0")  # one word


@pytest.mark.parametrize("before", range(30))
def test_a_name_is_cut_between_characters(before: int) -> None:
    name = "x" * before + "🎸" * 20 + "e\u0301" * 20 + "👩\u200d🚀" * 20
    cut = wording.fitted(name, 400, 13)
    kept = cut.removesuffix("…")
    assert name.startswith(kept)
    assert cut != name
    assert name[len(kept)] not in "\u0301\u200d"
    assert wording.fitted(name[:9], 400, 13) == name[:9]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C"], "A, B and C"),
        (["A", "B", "C", "D"], "A, B and 2 other days"),
    ],
)
def test_lists_of_names_stay_short(names: list[str], told: str) -> None:
    assert wording.listed(names, "days") == told


def test_leaders_share_a_value_that_differs_in_its_last_digit() -> None:
    assert wording.leaders([0.1 + 0.2, 0.3, 0.29], lambda each: each) == [
        0.1 + 0.2,
        0.3,
    ]
    assert wording.leaders([None, 0, -1], lambda each: each) == []


def test_moments_and_days_are_told_in_english() -> None:
    assert wording.minute(datetime(2018, 11, 5, 7, 3, tzinfo=UTC)) == (
        "2018-11-05 07:03 UTC"
    )
    assert wording.minute(None) == wording.NOTHING
    assert wording.day(date(2018, 11, 5)) == "Monday 5 November 2018"


@pytest.mark.parametrize(
    ("most", "first", "last"),
    [(28.75, 5, 25), (6, 1, 5), (0.9, 0.2, 1.0), (1000, 200, 1000), (0, 1, 5)],
)
def test_shades_begin_at_round_numbers(most: float, first: float, last: float) -> None:
    assert limits(most)[0] == first
    assert limits(most)[-1] == last
    assert len(limits(most)) == 5


def test_what_no_xml_holds_is_shown_as_an_escape() -> None:
    assert plain("D\x19Angelo\n\x00\u202e") == r"D\x19Angelo\n\x00\u202e"
    assert plain("Björk \ufffd 東京") == "Björk \ufffd 東京"
