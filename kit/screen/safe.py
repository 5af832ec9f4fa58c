"""Text from a learner or a verdict, made harmless to print."""

import re

_DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed: the terminal's own commands
    "\u200e\u200f\u2028-\u202e\u2066-\u2069"  # direction marks and separators: they reorder or break what is read
    "\ud800-\udfff\ufeff]"  # halves of characters, which cannot be written at all
)


def harmless(text: str) -> str:
    """The text with line ends as line feeds, tabs as spaces, and every other control character shown instead of sent."""
    return _DANGEROUS.sub(_shown, text.replace("\r\n", "\n").expandtabs(4))


def one_line(text: str) -> str:
    """Harmless and on one line."""
    return " ".join(harmless(text).split())


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
