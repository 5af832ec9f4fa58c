"""Text to HTML that is safe to show: Markdown with mathematics, and source in colours. No script, style or foreign HTML comes out."""

import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import PythonConsoleLexer, PythonLexer

from grader.text import _, neutralise

__all__ = ["highlighted", "markdown", "mathematics", "statement"]

COLOURED = 20_000  # characters; what is longer is shown plain: a source of nothing but names and dots takes 8 microseconds for each
LONGEST_COLOURED = 2_000  # characters of a line
INLINE_MATH = re.compile(r"\$(?![\s$])((?:\\.|[^$\\`])+?)(?<!\s)\$(?!\d)", re.DOTALL)
DISPLAY_MATH = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
LAYOUT = frozenset({
    "xmlns", "display", "displaystyle", "scriptlevel", "stretchy", "fence", "separator", "form", "accent", "accentunder", "movablelimits",
    "largeop", "lspace", "rspace", "minsize", "maxsize", "mathvariant", "width", "height", "depth", "voffset", "linethickness", "rowspacing",
    "columnspacing", "columnalign", "rowalign", "columnlines", "rowlines", "notation",
})  # fmt: skip  # the attributes that only lay out: LaTeX could ask for others


def statement(path: Path) -> Markup:
    """An exercise's Markdown file as HTML, its title left out; read again when it has changed. Raises OSError."""
    status = path.stat()
    return _statement(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _statement(path: Path, _changed: int, _size: int) -> Markup:
    text = path.read_text(encoding="utf-8")
    return markdown(re.sub(r"\A\s*# .*\n", "", text))


def markdown(text: str) -> Markup:
    """Markdown as HTML. HTML in it is shown as text, links go to http, https and mailto only, headings begin at the second level."""
    return Markup(_markdown().render(text))  # noqa: S704  # markdown-it escapes everything: html is off


def mathematics(latex: str, *, block: bool = False) -> Markup:
    """A formula as MathML; LaTeX that is none is shown as it was written."""
    try:
        tree = Converter(display="block" if block else "inline").convert_to_element(latex.strip())
    except Exception:  # noqa: BLE001  # the converter raises whatever it stumbles over; a page shall not fall with it
        return Markup("<code>{}</code>").format(latex)
    _clean(tree)
    tree.set("alttext", latex.strip())
    if block:
        tree.set("tabindex", "0")  # where it is too wide for the window it scrolls, by the keyboard too
    return Markup(tostring(tree, encoding="unicode"))  # noqa: S704  # made from elements, texts escaped


def highlighted(source: str, *, marked: tuple[int, ...] = ()) -> Markup:
    """Python source in colours, its lines numbered; control and direction characters are made visible. marked: numbers of lines that stand out.

    What is too long for colours comes without them, and says so.
    """
    shown = neutralise(source).replace("\r\n", "\n").replace("\r", "\n")
    if len(shown) > COLOURED or max(map(len, shown.split("\n"))) > LONGEST_COLOURED:
        return _plain(shown, marked)
    return _source(shown, marked)


@lru_cache(maxsize=32)
def _source(shown: str, marked: tuple[int, ...]) -> Markup:
    return _coloured(shown, PythonLexer(stripnl=False), linenos="inline", hl_lines=list(marked))


def _plain(shown: str, marked: tuple[int, ...]) -> Markup:
    """As Pygments writes it, but for the colours."""
    lines = html.escape(shown).removesuffix("\n").split("\n")
    wide, standing_out = len(str(len(lines))), frozenset(marked)
    numbered: list[str] = []
    for number, line in enumerate(lines, 1):
        text = f'<span class="linenos">{number:{wide}}</span>{line}\n'
        numbered.append(f'<span class="hll">{text}</span>' if number in standing_out else text)
    said = Markup('<p class="quiet">{}</p>').format(_("This is too long to be shown in colours."))
    return said + Markup(f'<div class="code"><pre>{"".join(numbered)}</pre></div>')  # noqa: S704  # escaped above


def _coloured(source: str, lexer: Lexer, **options: Any) -> Markup:
    return Markup(highlight(source, lexer, HtmlFormatter[str](cssclass="code", **options)))  # noqa: S704  # Pygments escapes


def _clean(element: Element) -> None:
    """The converter writes entities as text and trusts attributes; make the text plain and keep the attributes that only lay out."""
    for each in element.iter():
        each.text, each.tail = html.unescape(each.text or ""), html.unescape(each.tail or "")
        for name in [name for name in each.attrib if name not in LAYOUT]:
            del each.attrib[name]


@lru_cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.disable("image")
    made.inline.ruler.before("escape", "mathematics", _inline_math)
    made.block.ruler.before("paragraph", "mathematics", _block_math, {"alt": ["paragraph", "blockquote", "list"]})
    made.core.ruler.push("headings", _lower_headings)
    made.add_render_rule("mathematics", _render_math)
    made.add_render_rule("code_block", _render_code)
    made.add_render_rule("fence", _render_code)
    made.add_render_rule("table_open", _open_table)
    made.add_render_rule("table_close", _close_table)
    return made


def _inline_math(state: StateInline, silent: bool) -> bool:  # markdown-it's signature
    """$…$, and $$…$$ in the middle of a paragraph."""
    if state.src[state.pos] != "$":
        return False
    display = DISPLAY_MATH.match(state.src, state.pos)
    found = display or INLINE_MATH.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("mathematics", "math", 0)
        token.content, token.block = found[1], display is not None
    state.pos = found.end()
    return True


def _block_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # markdown-it's signature
    """Lines from one that begins with $$ to one that ends with it."""
    begin = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("$$", begin) or state.is_code_block(start):
        return False
    line = start
    while line < end:
        first = begin + 2 if line == start else state.bMarks[line]
        text = state.src[first : state.eMarks[line]].rstrip()
        if text.endswith(("$$", "$$.", "$$,")):
            break
        if not text.strip() and line > start:
            return False
        line += 1
    else:
        return False
    whole = state.getLines(start, line + 1, state.tShift[start], keepLastLF=False).strip()
    latex, _dollars, after = whole.removeprefix("$$").rpartition("$$")
    if "$$" in latex:
        return False
    if silent:
        return True
    state.line = line + 1
    token = state.push("mathematics", "math", 0)
    token.content, token.block, token.map = latex + after, True, [start, line + 1]
    return True


def _lower_headings(state: Any) -> None:
    """A page has one first heading: its own."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(max(int(token.tag[1]), 2), 6)}"


def _render_math(_self: RendererHTML, tokens: list[Token], at: int, _options: OptionsDict, _env: EnvType) -> str:
    return str(mathematics(tokens[at].content, block=tokens[at].block))


def _render_code(_self: RendererHTML, tokens: list[Token], at: int, _options: OptionsDict, _env: EnvType) -> str:
    """Python in colours, sessions with >>> as such; anything else as it stands."""
    text, language = tokens[at].content, tokens[at].info.strip().split(" ")[0]
    if text.lstrip().startswith(">>>"):
        return _focusable(_coloured(text, PythonConsoleLexer()))
    if language in {"python", "py"}:
        return _focusable(_coloured(text, PythonLexer()))
    return _focusable(Markup('<div class="code"><pre>{}</pre></div>').format(text))


def _focusable(code: str) -> str:
    """Scrolled by the keyboard too, where it is too wide for the window."""
    return str(code).replace("<pre>", '<pre tabindex="0">', 1)


def _open_table(_self: RendererHTML, _tokens: list[Token], _at: int, _options: OptionsDict, _env: EnvType) -> str:
    return '<div class="scroll statement" tabindex="0"><table>\n'


def _close_table(_self: RendererHTML, _tokens: list[Token], _at: int, _options: OptionsDict, _env: EnvType) -> str:
    return "</table></div>\n"
