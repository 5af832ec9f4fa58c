"""Markdown, mathematics and source as HTML: what a reader needs is there, what a browser would act on is not."""

import re

import pytest

from kit.classroom.web import render
from kit.classroom.web.render import highlighted, markdown, mathematics


def tags(html: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+)", html))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://tracker.example/p.png)",
        "$\\text{<script>alert(1)</script>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$$\\style{background:url(//x)}{y}$$",
        '$\\text{" onload="alert(1)}$',
        "`<b>` and $`<b>`$",
        "```python\n</pre><script>alert(1)</script>\n```",
        "    >>> '</pre><script>alert(1)</script>'",
        "| <i> |\n|---|\n| <script> |",
    ],
)
def test_nothing_foreign_comes_through(text):
    html = str(markdown(text))
    assert not tags(html) & {"script", "img", "i", "b", "iframe", "style", "object"}
    assert not re.search(r"<[^>]*\s(on\w+|style|src)=", re.sub(r'alttext="[^"]*"', "", html))
    assert not re.search(r'href="(?!https?:|mailto:|#)', html)


def test_a_statement_is_laid_out():
    html = markdown(
        "# Title\n\nWith $w_i < 1$, costs $5 and `$x$`:\n\n$$\\sum_i\nw_i$$\n\n## Write\n| a | b |\n|---|---|\n| `x` | y |\n\n    >>> f(1)\n    2\n"
    )
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"' in html
    assert 'display="block"' in html
    assert "<mo>&lt;</mo>" in html
    assert "costs $5 and <code>$x$</code>" in html
    assert "<h1" not in html
    assert '<span class="gp">&gt;&gt;&gt; </span>' in html
    assert "<td>y</td>" in html


def test_mathematics_in_the_middle_and_at_the_end_of_sentences():
    html = str(markdown("It is $$a\nb$$, or\n$$c.$$\n\n- item\n\n$$d$$."))
    assert html.count("<math") == 3
    assert "$" not in html
    assert html.count("<li>") == 1


def test_mathematics_says_what_it_is_and_bad_latex_is_shown_as_written():
    assert 'alttext="x^2"' in mathematics("x^2")
    assert mathematics("x^<^b") == "<code>x^&lt;^b</code>"


def test_every_statement_of_the_bank_is_rendered_whole():
    from kit.bank import own_root

    for path in sorted((own_root() / "exercises").glob("*/*/README*.md")):
        html = str(render.statement(path))
        shown = re.sub(r"<(pre|code)\b.*?</\1>|alttext=\"[^\"]*\"", "", html, flags=re.DOTALL)
        assert "$" not in shown, path
        assert not re.search(r"<code>[^<]*\\[a-z]{3,}", html), path


def test_a_changed_statement_is_read_again(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# Old\nold words", encoding="utf-8")
    assert "old words" in render.statement(path)
    assert "Old" not in render.statement(path)
    path.write_text("# New\nnew and longer words", encoding="utf-8")
    assert "new and longer words" in render.statement(path)


def test_source_is_numbered_and_what_hides_is_made_visible():
    html = highlighted('x = "</pre><script>" # \u202e evil\x1b[2J\n\n\ny = 1')
    assert html.count('<span class="linenos">') == 4
    assert "<script" not in html
    assert "\\u202e" in html
    assert "\\x1b" in html
    assert "\u202e" not in html


@pytest.mark.parametrize("source", ["<b>\n" * 30_000, "x = 1\n" + "a." * 1000 + "<b>\n"], ids=["long", "a long line"])
def test_what_is_too_long_for_colours_is_numbered_and_says_so(source):
    html = highlighted(source, marked=(2,))
    assert html.startswith('<p class="quiet">This is too long to be shown in colours.</p><div class="code"><pre>')
    assert html.count('<span class="linenos">') == source.count("\n")
    assert html.count('<span class="hll"><span class="linenos">') == html.count("hll") == 1
    assert "&lt;b&gt;" in html
    assert '<span class="n">' not in html


def test_colours_are_made_once_for_the_same_source():
    assert highlighted("a = 1\n") is highlighted("a = 1\n")
    assert highlighted("a = 1\n", marked=(1,)) != highlighted("a = 1\n")
