"""Text from AWS without what nobody may read: keys, passwords, tokens, signatures."""

import re

GONE = "***"

# Whatever stands behind one of these names goes, in JSON, XML, INI or prose
_NAMES = (
    r"(?:password|passwd|(?<!\d:)secret|secret_?(?:string|access_?key|key)|token"
    r"|signature|credentials?|authorization|access_?key(?:_?id)?"
    r"|encoded authorization failure message)"
)  # but `:secret:` stands in ARNs
_VALUE = r"""(?:\\?"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)|[^\s,;&<>"'}\])]+)"""

_PATTERNS = (
    # the query of an address: signatures of presigned ones, tokens of others
    (re.compile(r"(https?://[^\s?\"'<>]+\?)[^\s\"'<>]*", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"(\w://)[^\s/@]*@"), rf"\1{GONE}@"),
    (re.compile(r"(\b(?:Bearer|Basic)\s+)\S+", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"(AWS4-HMAC-SHA256).*", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(rf"(<[\w-]*{_NAMES}>)[^<]*", re.IGNORECASE), rf"\1{GONE}"),
    # the clause CREDENTIALS '…' of COPY has no sign between name and value
    (
        re.compile(r"\b(credentials\s+(?:as\s+)?)'(?:[^'])*(?:'|$)", re.IGNORECASE),
        rf"\1{GONE}",
    ),
    (
        re.compile(rf"({_NAMES}\\?[\"']?\s*[:=]\s*){_VALUE}", re.IGNORECASE),
        rf"\1{GONE}",
    ),
    # and what is recognised without a name: key ids, web tokens, long base64
    (re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8,}"), GONE),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]+)+"), GONE),
    (re.compile(r"[A-Za-z0-9+/=]{40,}"), GONE),
)


def redacted(text: str) -> str:
    """The text with *** for what is secret, and too much rather than too little.

    A run of 40 or more characters of base64 goes as well: that is what secret keys and
    tokens look like, and no name or ARN of this project does.
    """
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
