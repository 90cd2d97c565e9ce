"""The report as a person opens it: from disk, in Chromium, without a network."""

from pathlib import Path

import pytest
from answered import hostile, large
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from browser import opened
from checkout import Checkout
from playwright.sync_api import Browser
from test_page import rendered

SCHEMES = ("light", "dark")
# Words of one chart that lie on one another; a pixel of contact is none
OVERLAPS = """() => [...document.querySelectorAll('.chart')].flatMap(chart => {
    const words = [...chart.querySelectorAll('text')].filter(each => each.textContent);
    const boxes = words.map(each => each.getBoundingClientRect());
    return words.flatMap((one, i) => words.slice(i + 1).flatMap((other, j) => {
        const [a, b] = [boxes[i], boxes[i + 1 + j]];
        const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
        return over ? [`${one.textContent} | ${other.textContent}`] : [];
    }));
})"""
# Charts whose picture is empty, or wider than its card
NOT_DRAWN = """() => [...document.querySelectorAll('.chart')].filter(chart => {
    const box = chart.getBoundingClientRect(), svg = chart.firstElementChild;
    const marks = [...svg.querySelectorAll('path, line')].filter(each => {
        const mark = each.getBoundingClientRect();
        return mark.width + mark.height > 1;
    });
    const inside = svg.getBoundingClientRect();
    return box.height < 20 || marks.length < 2 || inside.right > box.right + 1
        || [...svg.querySelectorAll('text')].some(
            each => each.getBoundingClientRect().right > box.right + 16
                || each.getBoundingClientRect().left < box.left - 16);
}).map(chart => chart.ariaLabel)"""


@pytest.fixture
def path(reported: Checkout) -> Path:
    return reported.root / "target" / "report.html"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_opens_offline_and_keeps_the_rules_of_accessibility(
    chromium: Browser, path: Path, scheme: str
) -> None:
    with opened(chromium, path, color_scheme=scheme) as page:
        for _ in ("closed", "open"):
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            page.evaluate(
                "document.querySelectorAll('details').forEach(e => e.open = true)"
            )


@pytest.mark.parametrize("width", [360, 390, 800, 1200])
def test_every_chart_is_drawn_and_no_words_overlap(
    chromium: Browser, path: Path, width: int
) -> None:
    with opened(chromium, path, viewport={"width": width, "height": 844}) as page:
        assert page.locator(".chart svg").count() == 16
        assert page.evaluate(NOT_DRAWN) == []
        assert page.evaluate(OVERLAPS) == []
        page.evaluate(
            "document.querySelectorAll('details').forEach(e => e.open = true)"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_light_dark_and_print_have_their_colours(chromium: Browser, path: Path) -> None:
    ground = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    bar = "getComputedStyle(document.querySelector('[fill=\"var(--accent)\"]')).fill"
    seen = {}
    for scheme in SCHEMES:
        with opened(chromium, path, color_scheme=scheme) as page:
            seen[scheme] = (page.evaluate(ground), page.evaluate(bar))
            if scheme == "dark":
                page.emulate_media(media="print", color_scheme="dark")
                seen["print"] = (page.evaluate(ground), page.evaluate(bar))
                assert page.locator("nav").is_hidden()
    assert seen["light"] == seen["print"] == ("rgb(255, 255, 255)", "rgb(15, 118, 110)")
    assert seen["dark"] == ("rgb(25, 30, 36)", "rgb(69, 196, 179)")


def test_a_keyboard_reaches_content_tables_and_queries(
    chromium: Browser, path: Path
) -> None:
    with opened(chromium, path) as page:
        page.keyboard.press("Tab")
        focused = "document.activeElement.textContent"
        assert page.evaluate(focused) == "Skip to the figures"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "Data of Peak hours"
        page.keyboard.press("Enter")
        assert page.get_by_role("region", name="Data of Peak hours").is_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "Query of Peak hours"


def test_a_screen_reader_hears_each_chart_once(chromium: Browser, path: Path) -> None:
    with opened(chromium, path) as page:
        pictures = page.get_by_role("img").all()
        assert len(pictures) == 16
        names = {str(each.get_attribute("aria-label")) for each in pictures}
        assert len(names) == 16
        assert page.locator("svg:not([aria-hidden=true])").count() == 0


@pytest.mark.parametrize("width", [360, 1200])
def test_a_long_log_of_many_people_has_room(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "large.html"
    path.write_text(rendered(large()), encoding="utf-8")
    assert path.stat().st_size < 1_500_000
    with opened(chromium, path, viewport={"width": width, "height": 844}) as page:
        assert page.evaluate(NOT_DRAWN) == []
        assert page.evaluate(OVERLAPS) == []


def test_hostile_texts_do_nothing(chromium: Browser, tmp_path: Path) -> None:
    attacked = tmp_path / "attacked.html"
    attacked.write_text(rendered(hostile()), encoding="utf-8")
    with opened(chromium, attacked, viewport={"width": 360, "height": 800}) as page:
        page.mouse.move(100, 100)
        page.wait_for_timeout(100)
        assert (
            page.locator("script, img, iframe, [onmousedown], [onerror]").count() == 0
        )
        assert page.evaluate(NOT_DRAWN) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_script_put_into_the_file_is_refused(
    chromium: Browser, path: Path, tmp_path: Path
) -> None:
    """The page's own policy holds, whatever an edit of the template lets through."""
    text = path.read_text(encoding="utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(text.replace("</main>", "<script>document.title = 'x'</script>"))
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto(changed.as_uri())
    assert page.title().startswith("Sparkify listening report")
    context.close()
