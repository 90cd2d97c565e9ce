"""Charts as they are drawn: safe, complete, and readable in both schemes."""

import re
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pytest
from answered import answers, artist, every, figure, hostile, hour

from infra.report import drawing
from infra.report.figure import Figure
from infra.report.palette import COLOURS, FIRST_HIGH, HEAT

CHARTS = [each for each in every(answers()) if each.chart]
MARKS = {  # how many shapes of a kind: the rows of the answers
    "songs": 2,
    "artists": 2,
    "eras": 2,
    "matching": 5,
    "levels": 8,
    "upgrades": 4,
    "downgrades": 4,
    "hours": 7 * 24,
    "retention": 4,
    "states": 2,
    "devices": 2,
    "quality": 1,
    "steps": 2,
    "plays": 8,
    "listeners": 3,
    "active": 2,  # no window of 28 days is whole
}


def spec(figure: Figure) -> dict[str, Any]:
    assert figure.chart is not None
    return figure.chart


@pytest.mark.parametrize("figure", CHARTS, ids=lambda each: each.name)
def test_each_chart_is_what_vega_lite_describes(figure: Figure) -> None:
    kind = alt.LayerChart if "layer" in spec(figure) else alt.Chart
    kind.from_dict(spec(figure), validate=True)


@pytest.mark.parametrize("figure", CHARTS, ids=lambda each: each.name)
def test_each_row_is_drawn(figure: Figure) -> None:
    kind = "role-mark" if figure.name in ("listeners", "active") else "rect role-mark"
    root = ElementTree.fromstring(drawing.svg(spec(figure)))
    groups = [each for each in root.iter() if kind in each.get("class", "")]
    lines = [each for each in groups if "mark-line" in each.get("class", "")] or groups
    shapes = [path for group in lines for path in group if path.get("d")]
    assert len(shapes) == MARKS[figure.name]


def test_an_hour_without_plays_is_pale_and_one_that_never_came_is_empty() -> None:
    hours = [hour(1, 0, 0), hour(1, 1, 4), hour(1, 2, 0, 0)]
    svg = drawing.svg(spec(figure("hours", hours=hours)))
    cells = re.findall(r"mark-rect role-mark.*?</g>", svg)[0]
    assert re.findall(r'fill="(#\w+)"', cells) == [
        COLOURS["heat0"][0],
        COLOURS["heat5"][0],
    ]


@pytest.mark.parametrize("before", range(20, 61, 4))
def test_a_long_name_with_pictures_in_it_is_drawn(before: int) -> None:
    found = figure("artists", artists=[artist("x" * before + "🎸🔥🎤🎧" * 9, 3)])
    text = "".join(ElementTree.fromstring(drawing.svg(spec(found))).itertext())
    assert "x…" in text or "🎸" in text


def test_a_picture_has_words_of_its_own() -> None:
    found = figure("plays")
    own = drawing.titled(spec(found), found.finding, found.unit, "Nov 2018, UTC")
    text = " ".join(ElementTree.fromstring(drawing.svg(own)).itertext())
    for words in ("Most plays on", "Plays begun on each day", "Nov 2018, UTC"):
        assert words in text


@pytest.mark.parametrize("figure", CHARTS, ids=lambda each: each.name)
def test_in_the_page_every_colour_is_a_variable_of_the_page(figure: Figure) -> None:
    svg = drawing.inlined(drawing.svg(spec(figure)))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg))
    known = {f"var(--{name})" for name in COLOURS} | {"none"}
    assert colours <= known
    assert "#" not in svg
    assert "var(--ink)" in svg or "var(--muted)" in svg


@pytest.mark.parametrize(
    "figure",
    [each for each in every(hostile()) if each.chart],
    ids=lambda each: each.name,
)
def test_hostile_texts_stay_texts(figure: Figure) -> None:
    svg = drawing.inlined(drawing.svg(spec(figure)))
    found = {each.tag for each in ElementTree.fromstring(svg).iter()}
    assert found <= {"svg", "g", "path", "line", "text", "rect"}
    names = {
        name for each in ElementTree.fromstring(svg).iter() for name in each.attrib
    }
    assert not {name for name in names if name.startswith("on") or "href" in name}
    assert re.search(r"[\x00-\x08\x0b-\x1f\ufffe\u202e]", svg) is None


def test_hostile_texts_are_in_the_drawing() -> None:
    (songs,) = [each for each in every(hostile()) if each.name == "songs"]
    root = ElementTree.fromstring(drawing.inlined(drawing.svg(spec(songs))))
    words = [each.text or "" for each in root.iter("text")]
    assert any(word.startswith('<a href="javascript:x" onmousedown=') for word in words)
    assert any(word.startswith(r"D\x19Angelo \x00\x1b[31m") for word in words)
    assert any(word.endswith("…") for word in words)


@pytest.mark.parametrize(
    "inside",
    ["<script>1</script>", "<foreignObject/>", '<image href="x"/>', '<use href="#a"/>'],
)
def test_what_is_no_shape_is_an_error(inside: str) -> None:
    with pytest.raises(ValueError, match="a chart holds an element"):
        drawing.inlined(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')


def test_what_acts_or_leads_elsewhere_is_left_out_and_places_are_rounded() -> None:
    given = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" width="9">'
        '<g onload="x()" style="fill:url(//a)" id="i" class="c">'
        '<path d="M0,0.12999h9v9h-9.5000001Z" onclick="x()" fill="#ffffff"/>'
        '<path d="M0,0h1" opacity="0"/><path d="M0,0h1" display="none"/></g></svg>'
    )
    assert drawing.inlined(given) == (
        '<svg viewBox="0 0 1 1" aria-hidden="true" focusable="false"><g>'
        '<path d="M0,0.13h9v9h-9.5Z" fill="var(--card)" /></g></svg>'
    )


def test_a_colour_that_the_page_does_not_have_is_an_error() -> None:
    path = '<path d="M1,1" fill="#123456"/>'
    with pytest.raises(KeyError, match="#123456"):
        drawing.inlined(f'<svg xmlns="http://www.w3.org/2000/svg">{path}</svg>')


def test_a_picture_is_a_png_at_twice_the_size() -> None:
    picture = drawing.png(spec(CHARTS[0]))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(picture[16:20], "big") == 2 * 420


def test_parts_of_a_bar_follow_one_another_in_proportion() -> None:
    (levels,) = [each for each in CHARTS if each.name == "levels"]
    parts = spec(levels)["layer"][0]["data"]["values"]
    assert [(part["begin"], part["end"]) for part in parts if part["place"] == 2] == [
        (0.0, 0.25),  # 10 free plays
        (0.25, 1.0),  # 30 paid ones
    ]


def test_charts_are_drawn_by_the_version_that_describes_them() -> None:
    assert alt.SCHEMA_VERSION.startswith(f"v{drawing.VERSION}.")


def test_no_chart_reaches_for_anything_outside() -> None:
    outside = {"data": {"url": "https://example.com/a.json"}, "mark": "bar"}
    with pytest.raises(ValueError, match="allowed"):
        drawing.svg(outside)


# Colours


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


SCHEMES = (pytest.param(0, id="light"), pytest.param(1, id="dark"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_letters_stand_out(scheme: int) -> None:
    pairs = [
        *((word, ground) for word in ("ink", "muted") for ground in ("page", "card")),
        *(("accent", "card"), ("accent", "page"), ("paid", "page")),
        *(("on-low", shade) for shade in HEAT[:FIRST_HIGH]),
        *(("on-high", shade) for shade in HEAT[FIRST_HIGH:]),
    ]
    weak = {
        pair: contrast
        for pair in pairs
        if (contrast := _contrast(*(COLOURS[name][scheme] for name in pair))) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_shapes_stand_out(scheme: int) -> None:
    for name in ("accent", "free", "paid", "second", "rest", HEAT[-1]):
        assert _contrast(COLOURS[name][scheme], COLOURS["card"][scheme]) >= 3


def test_no_two_names_share_a_light_colour() -> None:
    assert len({light for light, _ in COLOURS.values()}) == len(COLOURS)
