"""The report's colours: each has a name, and a value for light and for dark.

Charts are described in the light values, which no two names share. In the page they
become CSS variables, so one drawing serves both; a picture keeps the light ones.
"""

from __future__ import annotations

from collections.abc import Iterator

COLOURS = {  # name: light, dark
    "page": ("#f3f5f7", "#0f1317"),
    "card": ("#ffffff", "#191e24"),
    "line": ("#d9dfe4", "#333b44"),
    "grid": ("#e9edf0", "#2a3138"),
    "ink": ("#1a2027", "#e9ecef"),
    "muted": ("#55606b", "#a7b1bb"),
    "accent": ("#0f766e", "#45c4b3"),
    "free": ("#c2570b", "#f29b52"),
    "paid": ("#1f5faf", "#6fadf7"),
    "second": ("#7448b3", "#b99bf0"),
    "rest": ("#76818e", "#8a96a3"),
    "heat0": ("#e5f3f0", "#1c2a2b"),
    "heat1": ("#b9dfd8", "#1b4442"),
    "heat2": ("#80c3b8", "#1d5d57"),
    "heat3": ("#47a497", "#1f776d"),
    "heat4": ("#1b7d72", "#3fb3a4"),
    "heat5": ("#0a5850", "#8be0d3"),
    "on-low": ("#0c2623", "#f1fbf9"),  # letters on heat0 to heat3
    "on-high": ("#fefefe", "#051c19"),  # letters on heat4 and heat5
}
HEAT = tuple(f"heat{step}" for step in range(6))
FIRST_HIGH = 4  # the first step that takes the other letters
_NAMES = {light: name for name, (light, _) in COLOURS.items()}


def light(name: str) -> str:
    """The colour as charts are described with it."""
    return COLOURS[name][0]


def variable(colour: str) -> str:
    """A colour of a drawing as a CSS variable; `none` stays what it is."""
    if colour in ("none", "transparent"):
        return "none"
    return f"var(--{_NAMES[colour.lower()]})"


def css() -> str:
    """The variables for both schemes; what is printed is light."""
    first, second = (" ".join(_declared(scheme)) for scheme in (0, 1))
    return (
        f":root {{ {first} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {second} }} }}"
    )


def _declared(scheme: int) -> Iterator[str]:
    return (f"--{name}: {both[scheme]};" for name, both in COLOURS.items())
