"""What Redshift and its driver answer when they refuse, as sentences for people."""

from __future__ import annotations

import re
from typing import Any

from infra.errors import LoadError

# What the driver raises besides its own errors where a connection breaks
BROKEN = (OSError, ValueError, AttributeError)

CANCELLED = "57014"  # by somebody, or by statement_timeout
_ENDED = {"57P01", "57P02", "57P03"}  # the cluster restarts, or is being paused
_NO_RIGHT = "42501"
_OF_THE_STATEMENT = ("42", "53")  # classes: its words, and what the cluster lacks
_CONFLICT = "40001"
_LONGEST = 300  # characters of Redshift's own text

_LOST = (
    "The connection to Redshift broke off ({said}). Nothing of the load is there. "
    "`invoke status` tells how the cluster is; then run the load again."
)
_LOST_AT_COMMIT = (
    "The connection to Redshift broke off in the load's last step ({said}), so it is "
    "there as a whole or not at all. Run the load again: it does what is left to do."
)
_ROLE = (
    "Redshift cannot read what the load brings: {said}. Nothing was loaded. `invoke up "
    "--target redshift` gives the cluster its role; then run the load again."
)
_STAGE = (
    "Redshift cannot read what the load brings from its bucket: {said}. Nothing was "
    "loaded. `invoke up --target redshift` mends the bucket and the cluster's role."
)
_COPY = (
    "Redshift does not take the rows that were checked: {said}. Nothing was loaded. "
    "This is a fault of the project; sys_load_error_detail tells of which row."
)
_MANIFEST = (
    "Redshift does not take what the load says of the rows: {said}. Nothing was "
    "loaded. This is a fault of the project."
)
_DENIED = (
    "Redshift does not permit it to whoever logs in: {said}. Nothing was loaded. Log "
    "in as the admin (the settings login and admin_user), or have it granted."
)
_CANCELLED = (
    "Redshift ended a statement of the load, as somebody or a time limit asked: "
    "{said}. Nothing was loaded; run the load again."
)
_MET = (
    "Somebody else changed the same tables at the same time: {said}. Nothing was "
    "loaded; run the load again."
)
_OTHER = "Redshift refuses a statement of the load: {said}. Nothing was loaded."


class RedshiftError(LoadError):
    """Redshift, or the way there, refused; nothing of the load is there."""


class _CopyError(RedshiftError):
    """A COPY failed as a whole; `said` is what Redshift said."""

    def __init__(self, sentence: str, said: str) -> None:
        super().__init__(sentence.format(said=said))
        self.said = said


class CopyDeniedError(_CopyError):
    """Redshift did not get at what the COPY was to read."""


class CopyRefusedError(_CopyError):
    """Redshift did not take what the COPY read, as far as its words tell."""

    @property
    def has_too_many(self) -> bool:
        """Whether it gave up at MAXERROR rows that it refused one by one."""
        return re.search("load_error", self.said) is not None


def told(error: Exception, statement: str) -> RedshiftError:
    """An error of the driver, which the statement met, as a person reads it."""
    said, code = _said(error), _code(error)
    if is_lost(error):
        sentence = _LOST_AT_COMMIT if statement == "commit" else _LOST
    elif code == CANCELLED:
        sentence = _CANCELLED
    elif code == _CONFLICT or "Serializable isolation violation" in said:
        sentence = _MET
    elif statement.startswith("copy ") and (of_copy := _of_copy(said, code)):
        return of_copy
    elif code == _NO_RIGHT:
        sentence = _DENIED
    else:
        sentence = _OTHER
    return RedshiftError(sentence.format(said=said))


def is_cancelled(error: Exception) -> bool:
    """Whether the statement took longer than it may."""
    return _code(error) == CANCELLED


def is_lost(error: Exception) -> bool:
    """Whether no server answered: what it knows of the statement is not known."""
    return _fields(error) is None or _code(error) in _ENDED


def _of_copy(said: str, code: str) -> RedshiftError | None:
    """What only COPY meets; an address in its words says nothing about access."""
    words = re.sub(r"s3://\S*", "", said)
    if re.search(r"IAM|assume|credential", words, re.IGNORECASE):
        return CopyDeniedError(_ROLE, said)
    if re.search(r"S3|bucket|access ?denied", words, re.IGNORECASE):
        return CopyDeniedError(_STAGE, said)
    if re.search(r"manifest|jsonpath", words, re.IGNORECASE):
        return RedshiftError(_MANIFEST.format(said=said))
    return None if code.startswith(_OF_THE_STATEMENT) else CopyRefusedError(_COPY, said)


def _fields(error: Exception) -> dict[str, Any] | None:
    """What the server answered; None where the driver itself complains."""
    found = error.args[0] if error.args else None
    return found if isinstance(found, dict) else None


def _code(error: Exception) -> str:
    return str((_fields(error) or {}).get("C", ""))


def _said(error: Exception) -> str:
    """The text of the answer on one line, without a full stop."""
    text = str((_fields(error) or {}).get("M") or str(error) or type(error).__name__)
    plain = "".join(each for each in " ".join(text.split()) if each.isprintable())
    plain = plain.rstrip(".")
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
