"""The docs site as a person opens it: from disk, in Chromium, without a network."""

import json
from pathlib import Path
from typing import Any

import pytest
from browser import opened
from checkout import Built
from playwright.sync_api import Browser, Page

from infra.docs import mended

# Pixels of a canvas by colour, as #rrggbb: those that no edge or letter is mixed into
COLOURS = """() => [...document.querySelectorAll('canvas')].flatMap(canvas => {
    if (!canvas.width) return [];
    const {width, height} = canvas;
    const copy = new OffscreenCanvas(width, height);
    const pen = copy.getContext('2d', {willReadFrequently: true});  // else it warns
    pen.drawImage(canvas, 0, 0);
    const bytes = pen.getImageData(0, 0, width, height).data;
    const hex = number => number.toString(16).padStart(2, '0');
    const found = {};
    for (let i = 0; i < bytes.length; i += 4) {
        if (bytes[i + 3] !== 255) continue;
        const colour = '#' + [0, 1, 2].map(j => hex(bytes[i + j])).join('');
        found[colour] = (found[colour] || 0) + 1;
    }
    return Object.keys(found).filter(colour => found[colour] > 50);
})"""
ICONS = """() => [...document.querySelectorAll('.menu-icon-on, .menu-icon-off')].filter(
    icon => icon.getBoundingClientRect().width
).map(icon => icon.firstElementChild.getBoundingClientRect().width)"""
PICTURES = """() => [...document.querySelectorAll('.panel img')].map(
    each => [each.alt, each.complete && each.naturalWidth > 0, each.width]
)"""


@pytest.fixture
def site(built: Built) -> Path:
    return built.checkout.root / "target" / "docs" / "static_index.html"


def leads_to(page: Page, site: Path, address: str) -> str:
    """The text of another page of the site, once its heading is there."""
    page.goto(f"{site.as_uri()}#!/{address}")
    name = address.rsplit(".", 1)[-1]
    page.get_by_role("heading", name=name).first.wait_for()
    return page.locator("body").inner_text()


def test_the_first_page_has_both_pictures_and_asks_for_nothing(
    chromium: Browser, site: Path
) -> None:
    with opened(chromium, site, viewport={"width": 1280, "height": 900}) as page:
        page.get_by_role("heading", name="Sparkify's listening log").wait_for()
        assert page.title() == "Sparkify's warehouse"
        pictures = page.evaluate(PICTURES)
        assert len(pictures) == 2
        for told, is_drawn, width in pictures:
            assert is_drawn, told
            assert 400 < width < 900, told


def test_models_and_questions_have_pages(
    chromium: Browser, site: Path, manifest: dict[str, Any]
) -> None:
    songplays = manifest["nodes"]["model.sparkify.songplays"]
    with opened(chromium, site) as page:
        shown = leads_to(page, site, "model/model.sparkify.songplays")
        assert "One row per play" in shown
        for column in songplays["columns"]:
            assert f"\n{column}\t" in shown or f"\n{column}\n" in shown, column
        widths = page.evaluate(ICONS)
        assert len(widths) > 10
        assert min(widths) > 5  # mended addresses of icons still lead to these
        shown = leads_to(page, site, "analysis/analysis.sparkify.when_do_people_listen")
        assert "In which hours of the day do people listen most?" in shown
        assert "order by plays desc" in shown


def test_a_link_to_the_graph_draws_it_in_the_colours_of_the_layers(
    chromium: Browser, site: Path, manifest: dict[str, Any]
) -> None:
    layers = {
        node["config"]["docs"]["node_color"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed"}
    }
    assert len(layers) == 4
    with opened(chromium, site, viewport={"width": 1280, "height": 900}) as page:
        page.get_by_role("link", name="This graph").click()
        page.wait_for_function(f"({COLOURS})().length > 4", timeout=60_000)
        assert layers <= set(page.evaluate(COLOURS))


SHOWN = """() => {
    const cards = [...document.querySelectorAll('[class*="__________cytoscape"]')];
    return cards.flatMap(card => card._cyreg.cy.nodes(':visible').map(n => n.id()));
}"""


def in_graph(page: Page, site: Path, address: str) -> set[str]:
    """The nodes that a page's graph shows, once it is opened."""
    leads_to(page, site, address)
    page.reload()  # else a graph that was opened before is open still
    page.locator(".launcher a, a.launcher, [ng-click*=onLauncherClick]").first.click()
    page.wait_for_function(f"({SHOWN})().length > 0", timeout=60_000)
    return set(page.evaluate(SHOWN))


def test_a_page_s_graph_is_of_relations_and_of_what_the_page_is_about(
    chromium: Browser, site: Path
) -> None:
    with opened(chromium, site, viewport={"width": 1280, "height": 900}) as page:
        shown = in_graph(page, site, "model/model.sparkify.songplays")
        assert {"model.sparkify.songplays", "model.sparkify.daily_activity"} <= shown
        assert {name.split(".")[0] for name in shown} <= {"model", "source", "exposure"}
        asked = "analysis.sparkify.when_do_people_listen"
        shown = in_graph(page, site, f"analysis/{asked}")
        assert shown == {asked, "model.sparkify.songplays", "model.sparkify.time"}


def test_a_page_without_those_faults_is_left_as_it_is() -> None:
    assert mended("<title>Mine</title>") == "<title>Mine</title>"


def test_the_data_of_the_site_survive_its_mending(site: Path) -> None:
    manifest = json.loads((site.parent / "manifest.json").read_text(encoding="utf-8"))
    page = site.read_text(encoding="utf-8")
    for node in manifest["nodes"].values():
        assert json.dumps(node["unique_id"]) in page
