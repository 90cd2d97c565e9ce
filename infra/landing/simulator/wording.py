"""How titles and names are made, compared, and damaged on their way into the log."""

import re
from random import Random

from infra.landing.simulator.vocabulary import (
    ADJECTIVES,
    ARTIST_FIRST,
    ARTIST_LAST,
    ENDINGS,
    NOUNS,
    OUTSIDE_ADJECTIVES,
    OUTSIDE_FIRST,
    OUTSIDE_NOUNS,
    VERBS,
)

BLANKS = " \u00a0"
INITIALS = "ABCDEFGHJKLMNPRSTW"
LAST_LATIN_1 = "\u00ff"
COLLABORATION = ("feat.", " feat ", "featuring", " ft.", " with ", " vs", "/", "_ ")
NOT_KEY = re.compile("[^A-Za-z0-9]")


def trimmed(text: str) -> str:
    """Return the text without outer blanks and no-break spaces."""
    return text.strip(BLANKS)


def key(text: str) -> str:
    """Return what spellings share: ASCII letters and digits, or the trimmed text."""
    return NOT_KEY.sub("", text).lower() or trimmed(text)


def has_letters_or_digits(text: str) -> bool:
    """Return whether a name can identify an artist by itself: `!!!` cannot."""
    return NOT_KEY.sub("", text) != ""


def is_collaboration(name: str) -> bool:
    """Return whether an artist's name has a mark of several artists."""
    return any(mark in name.lower() for mark in COLLABORATION)


def as_logged(text: str) -> str:
    """Return the text as the player logs it: UTF-8 mistaken for Latin-1, twice.

    ASCII is unchanged by that, and text with letters beyond Latin-1 is logged plainly.
    """
    if max(text) > LAST_LATIN_1:
        return text
    once = text.encode().decode("latin-1")
    return once.encode().decode("latin-1")


def restyled(text: str, dice: Random) -> str:
    """Return another spelling with the same key."""
    if key(text) == text or max(text) > LAST_LATIN_1:
        return text
    style = dice.randrange(5)
    if style == 0:
        return text.lower()
    if style == 1:
        return text.upper()
    if style == 2:
        return f"{text}!"
    if style == 3:
        return text.replace(" ", "-")
    return text.replace("'", "").replace("(", "[").replace(")", "]")


def title(dice: Random) -> str:
    """Return an invented title for the catalogue."""
    adjective, noun = dice.choice(ADJECTIVES), dice.choice(NOUNS)
    return _title(adjective, noun, dice)


def outside_title(dice: Random) -> str:
    """Return an invented title that no song of the catalogue can have."""
    if dice.random() < 0.4:
        return _title(
            dice.choice(OUTSIDE_ADJECTIVES), dice.choice(NOUNS), dice, both=True
        )
    return _title(dice.choice(ADJECTIVES), dice.choice(OUTSIDE_NOUNS), dice)


def artist_name(dice: Random) -> str:
    """Return an invented person or band for the catalogue."""
    if dice.random() < 0.5:
        initial = dice.choice(("", "", *(f"{letter}. " for letter in INITIALS)))
        return f"{dice.choice(ARTIST_FIRST)} {initial}{dice.choice(ARTIST_LAST)}"
    return _band(dice.choice(ADJECTIVES), dice)


def outside_artist_name(dice: Random) -> str:
    """Return an invented person or band that the catalogue cannot have."""
    if dice.random() < 0.5:
        return f"{dice.choice(OUTSIDE_FIRST)} {dice.choice(ARTIST_LAST)}"
    return _band(dice.choice(OUTSIDE_ADJECTIVES), dice)


def alias(name: str, other: str, dice: Random) -> str:
    """Return another name that the catalogue gives to the artist of this name."""
    first, _, rest = name.partition(" ")
    forms = [
        f"{name} feat. {other}",
        f"{name} featuring {other}",
        f"{name} / {other}",
        f"{name} & {other}",
        f"{name} With {other}",
        f"{name} + {other}",
        f"{name} vs. {other}",
        f"{name} Ensemble",
        name.title() if name != name.title() else name.lower(),
        f"{rest}_ {first}" if rest else f"The {name}",
    ]
    return dice.choice(forms)


def _band(adjective: str, dice: Random) -> str:
    noun = dice.choice(NOUNS)
    return dice.choice((f"The {adjective} {noun}s", f"{adjective} {noun}"))


def _title(adjective: str, noun: str, dice: Random, *, both: bool = False) -> str:
    other = dice.choice(NOUNS)
    forms = [f"{adjective} {noun}", f"{dice.choice(VERBS)} The {adjective} {noun}"]
    if not both:
        forms += [
            f"The {noun} Below",
            f"{noun} And {other}",
            f"{other}'s {noun}",
            f"Don't Look_ {noun}",
        ]
    ending = f" {dice.choice(ENDINGS)}" if dice.random() < 0.12 else ""
    return dice.choice(forms) + ending
