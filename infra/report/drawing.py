"""Charts drawn: as SVG that is safe inside the page, or as PNG."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from xml.etree import ElementTree

from infra.report.figure import Spec
from infra.report.palette import light, variable

VERSION = "6.4"  # of Vega-Lite: Altair's
_SCALE = 2  # a picture's pixels for one of the chart's
_SVG = "{http://www.w3.org/2000/svg}"
_TAGS = {"svg", "g", "path", "line", "text", "rect"}
_COLOURS = {"fill", "stroke"}
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-\d+)?")  # more digits than a hair's breadth
_PLACES = {"transform", "d", "x", "y", "x1", "y1", "x2", "y2", "width", "height"}
_KEPT = {
    *("viewBox", "fill-opacity", "stroke-width", "stroke-opacity", "stroke-dasharray"),
    *("stroke-miterlimit", "text-anchor", "font-size", "font-weight"),
}


class Studio:
    """Draws several charts at a time; what draws is awake before the first one."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def svg(self, spec: Spec) -> Future[str]:
        """The drawing as the page holds it."""
        return self._pool.submit(lambda: inlined(svg(spec)))

    def png(self, spec: Spec) -> Future[bytes]:
        """The drawing as a picture, light."""
        return self._pool.submit(png, spec)


@contextmanager
def studio() -> Iterator[Studio]:
    """A studio that wakes while the warehouse is asked: that takes half a second."""
    with ThreadPoolExecutor(2, thread_name_prefix="draw") as pool:
        pool.submit(svg, {"mark": "bar", "data": {"values": []}})
        yield Studio(pool)


def svg(spec: Spec) -> str:
    """The drawing as vl-convert makes it; it reaches for nothing outside."""
    import vl_convert  # noqa: PLC0415 - 90 MB

    return vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[])


def png(spec: Spec) -> bytes:
    """The drawing as a picture."""
    import vl_convert  # noqa: PLC0415 - as above

    return vl_convert.vegalite_to_png(
        spec, vl_version=VERSION, scale=_SCALE, allowed_base_urls=[]
    )


def titled(spec: Spec, finding: str, *below: str) -> Spec:
    """The chart with words of its own, for where no page stands around it."""
    words = textwrap.wrap(finding, 48)
    more = [line for text in below for line in textwrap.wrap(text, 62)]
    title = {
        "text": words,
        "subtitle": more,
        "anchor": "start",
        "offset": 14,
        "fontSize": 16,
        "subtitleFontSize": 12,
        "subtitlePadding": 6,
        "color": light("ink"),
        "subtitleColor": light("muted"),
    }
    height = spec["height"] + 20 * len(words) + 15 * len(more) + 30
    return {**spec, "title": title, "height": height}


def inlined(drawing: str) -> str:
    """An SVG for the inside of a page: shapes and words, nothing that could act.

    Colours become the page's variables, fonts are the page's, and what is invisible
    is left out. Elements that are no shapes are an error, not a gap in the chart.
    """
    root = ElementTree.fromstring(drawing)  # noqa: S314 - vl-convert's own
    for element in list(root.iter()):
        for child in list(element):
            if _is_invisible(child):
                element.remove(child)
        element.tag = element.tag.removeprefix(_SVG)
        if element.tag not in _TAGS:
            raise ValueError(f"a chart holds an element <{element.tag}>")
        _clean(element)
    for size in ("width", "height"):
        root.attrib.pop(size, None)  # the page scales it, by its viewBox
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    return ElementTree.tostring(root, encoding="unicode")


def _is_invisible(element: ElementTree.Element) -> bool:
    return (
        element.get("display") == "none"
        or element.get("opacity") == "0"
        or (element.tag == f"{_SVG}path" and element.get("d") in ("", "M0,0h0v0h0Z"))
    )


def _clean(element: ElementTree.Element) -> None:
    if element.get("stroke-width") == "0":
        element.attrib.pop("stroke", None)
    for name, value in list(element.attrib.items()):
        if name in _COLOURS:
            element.set(name, variable(value))
        elif name in _PLACES:
            element.set(name, _LONG.sub(_rounded, value))
        elif name not in _KEPT and not (name == "opacity" and value != "1"):
            del element.attrib[name]


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
