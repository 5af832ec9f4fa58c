"""The routes of the desk: none is for students, some are for teachers alone, and whoever lacks the right changes nothing."""

import re

import pytest
from browser import Browser
from house import RIGHT, WRONG, House

from kit.classroom.web.desk_routers import routers

STAFF = {
    "/desk", "/desk/health", "/desk/speed", "/desk/gradebook", "/desk/gradebook.csv", "/desk/students/{person_id}", "/desk/students/{person_id}/{slug}",
    "/desk/submissions/{submission_id}", "/desk/statistics", "/desk/statistics/{slug}", "/desk/similarity/{slug}",
    "/desk/similarity/{slug}/{first}/{second}", "/desk/regrades", "/desk/regrades/{regrade_id}", "/desk/regrades/{regrade_id}/discard",
}  # fmt: skip
GIVEN = {"slug": "double", "thing": "people", "form": "csv"}
ROUTES = [(method, route) for router in routers for route in router.routes for method in sorted(route.methods)]


def ask(browser: Browser, csrf: str, method: str, path: str) -> int:
    """The status of a request about things that do not exist."""
    made = re.sub(r"{(\w+)}", lambda found: GIVEN.get(found[1], "999"), path)
    return browser.ask(method, made, data={"csrf": csrf} if method == "POST" else None).status_code


@pytest.fixture
def helper(house) -> Browser:
    return Browser(house).sign_in(house.person("Alan Kay", "assistant"))


def test_the_staff_routes_are_those():
    assert {route.path for _method, route in ROUTES} >= STAFF
    changing = {route.path for method, route in ROUTES if method == "POST"} & STAFF
    assert changing == {"/desk/regrades", "/desk/regrades/{regrade_id}/discard"}


def test_nobody_and_no_student_gets_in(house, ada):
    stranger, csrf = Browser(house), ada.csrf()
    for method, route in ROUTES:
        assert ask(stranger, "", method, route.path) == 401, route.path
        assert ask(ada, csrf, method, route.path) == 403, route.path


def test_assistants_read_and_teachers_change(helper, teacher):
    helpers, teachers = helper.csrf(), teacher.csrf()
    for method, route in ROUTES:
        assert (ask(helper, helpers, method, route.path) == 403) == (route.path not in STAFF), route.path
        assert ask(teacher, teachers, method, route.path) not in {401, 403, 500}, route.path


def test_the_way_to_a_page_is_shown_to_whom_it_is_for(helper, teacher, ada):
    assert 'href="/desk/settings"' in teacher.get("/desk").text
    assert 'href="/desk/settings"' not in helper.get("/desk").text
    assert 'href="/desk"' not in ada.get("/").text


def test_pages_speak_chinese(house, teacher):
    chinese = Browser(house, "zh").sign_in(house.person("Mei", "teacher"))
    assert 'lang="zh-Hans"' in chinese.get("/desk/settings").text


def test_every_page_answers_in_postgresql_too(postgres_store, bank, clock):
    house = House(postgres_store, bank, clock)
    ada, teacher = (Browser(house).sign_in(house.person(name, role)) for name, role in (("Ada", "student"), ("Grace", "teacher")))
    for source in (WRONG, RIGHT):
        ada.send("/exercises/double", source=source)
        house.grade()
    ada.send("/exercises/softplus", source=RIGHT)
    teacher.send("/desk/sections", name="Lab A")
    existing = {**GIVEN, "slug": "double", "person_id": "1", "submission_id": "1", "first": "1", "second": "2"}
    asked = "?assignment=&section=Lab%20A&q=a&person=2&action=x"
    for method, route in ROUTES:
        if method == "GET" and "regrade_id" not in route.path and not route.path.startswith("/desk/assignments/"):
            path = re.sub(r"{(\w+)}", lambda found: existing.get(found[1], "1"), route.path)
            assert [teacher.get(path).status_code, teacher.get(path + asked).status_code] == [200, 200], path
