"""Pages, what is said once, and where a form may lead."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from browser import Browser

from kit.classroom.web.view import environment, safe_path


def shown(template: str, **values) -> str:
    return environment().from_string('{% import "macros.html" as m with context %}' + template).render(csrf="c", **values)


def test_what_is_said_once_cannot_be_said_by_others(house, ada):
    ada.cookies.set("kit_flash", json.dumps(["good", "You have won"]))
    assert "You have won" not in ada.get("/").text


def test_an_error_of_a_page_says_what_to_do(ada):
    answer = ada.get("/exercises/dobule")
    assert answer.status_code == 404
    assert "no exercise is called dobule" in answer.text
    assert "Did you mean double?" in answer.text


def test_pages_are_kept_nowhere_and_their_files_for_good(ada):
    page = ada.get("/")
    assert page.headers["cache-control"] == "private, no-store"
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    kept = ada.ask("GET", style)
    assert (kept.status_code, kept.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in kept.headers["cache-control"]
    assert ada.ask("GET", style.partition("?")[0]).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["../view.py", "..%2fview.py", "%2e%2e/auth.py", "templates/base.html", "/etc/passwd"])
def test_only_what_is_static_is_served(house, path):
    assert Browser(house).ask("GET", f"/static/{path}").status_code == 404


@pytest.mark.parametrize(
    ("where", "leads"), [("/boards?a=b", "/boards?a=b"), ("//x", "/"), ("http://x", "/"), ("", "/"), ("/a\nb", "/"), ("/\\x", "/")]
)
def test_where_a_form_may_lead(where, leads):
    assert safe_path(where) == leads


def test_filters():
    when = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert shown("{{ when|moment }}", when=when) == '<time datetime="2026-09-01T08:30:00+00:00">2026-09-01 08:30 UTC</time>'
    assert shown("{{ none|moment }} {{ 2.5|points }} {{ 3.0|points }} {{ 0.614|percent }}") == "– 2.5 3 61%"
    spans = [0, 1, 59, 60, 3600, 47 * 3600, 48 * 3600, -120]
    assert [shown("{{ n|span }}", n=n) for n in spans] == [
        "0 seconds",
        "1 second",
        "59 seconds",
        "1 minute",
        "1 hour",
        "47 hours",
        "2 days",
        "2 minutes",
    ]
    assert shown("{{ n|span }}", n=timedelta(days=3)) == "3 days"


def test_what_a_macro_is_given_is_escaped():
    evil = '"><script>'
    for piece in (
        "{{ m.field('a', evil, evil, hint=evil, error=evil, title=evil) }}",
        "{{ m.area('a', evil, evil, hint=evil) }}",
        "{{ m.choice('a', evil, [(evil, evil)], evil) }}",
        "{{ m.tick('a', evil, true, hint=evil) }}",
        "{{ m.post(evil, evil, {'b': evil}) }}",
        "{{ m.note(evil) }}{{ m.badge('passed', evil) }}{{ m.empty(evil) }}{{ m.facts([(evil, evil)]) }}{{ m.meter(1, 2, evil) }}",
        "{% call m.table(evil, [evil, (evil, 'num')]) %}<tr><td>{{ evil }}</td></tr>{% endcall %}",
        "{{ m.pagination(2, 3, evil) }}",
    ):
        assert "<script" not in shown(piece, evil=evil)


def test_a_field_is_tied_to_what_is_said_of_it():
    html = shown("{{ m.field('age', 'Age', 7, hint='In years', error='Too low') }}")
    assert '<label for="age">' in html
    assert 'aria-describedby="age-hint age-error" aria-invalid="true"' in html
    assert 'id="age-hint"' in html
    assert 'id="age-error"' in html


def test_pages_of_a_list():
    assert shown("{{ m.pagination(1, 1, '?page=') }}").strip() == ""
    middle = shown("{{ m.pagination(2, 3, '?page=') }}")
    assert 'rel="prev" href="?page=1"' in middle
    assert 'rel="next" href="?page=3"' in middle
