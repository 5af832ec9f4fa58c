"""What goes out as a file, and a class list that comes in."""

import json
import re

import pytest
from house import RIGHT
from sqlalchemy import select

from kit.classroom.schema import Audit, Person

LIST = "name,student number,email,section\nAda Lovelace,1815,ada@example.org,Lab A\n芳 王,1816,,Lab A\n"


def names(house) -> set[str]:
    with house.room.store.reading() as session:
        return set(session.scalars(select(Person.name).where(Person.role == "student")))


@pytest.mark.parametrize("way", ["pasted", "file", "gb18030"])
def test_a_list_is_looked_at_and_then_put_in(house, teacher, way):
    if way == "pasted":
        shown = teacher.send("/desk/files", "/desk/files/list", text=LIST)
    else:
        encoding = "gb18030" if way == "gb18030" else "utf-8"
        chosen = {"encoding": encoding} if way == "gb18030" else {}
        shown = teacher.send("/desk/files", "/desk/files/list", files={"file": ("list.csv", LIST.encode(encoding))}, **chosen)
    assert shown.status_code == 200
    assert "芳 王" in shown.text
    assert names(house) == set()
    rows = shown.text.split('name="rows" value="')[1].split('"')[0].replace("&#34;", '"')
    put_in = teacher.ask("POST", "/desk/files/list/import", data={"csrf": teacher.csrf(), "rows": rows})
    assert "2 people were added, 0 were changed." in teacher.follow(put_in).text
    assert names(house) == {"Ada Lovelace", "芳 王"}
    with house.room.store.reading() as session:
        [noted] = session.scalars(select(Audit))
        assert (noted.action, noted.detail) == ("list-import", {"added": 2, "changed": 0, "same": 0})


def test_what_would_change_is_marked(house, teacher):
    teacher.send("/desk/people", name="Ada", role="student", email="ada@example.org", student_id="1815", section="")
    page = teacher.send("/desk/files", "/desk/files/list", text=LIST).text
    assert page.count('class="changed"') == 2
    assert "Ada → Ada Lovelace" in " ".join(re.sub("<[^>]*>", " ", page).split())
    assert names(house) == {"Ada"}


def test_a_list_with_a_fault_adds_nobody(house, teacher):
    page = teacher.send("/desk/files", "/desk/files/list", text=LIST + "<b>,1815,,\n")
    assert page.status_code == 200
    assert "Nobody is added as long as lines cannot be taken." in page.text
    assert 'name="rows"' not in page.text
    for wrong in ("", "no headings\n1", "name,student number\n"):
        answer = teacher.send("/desk/files", "/desk/files/list", text=wrong)
        assert answer.status_code == 422, wrong
    double = json.dumps([{"line": 2, "name": "A", "student_id": "1"}, {"line": 3, "name": "B", "student_id": "1"}])
    for wrong in ("", "{}", double):
        assert teacher.ask("POST", "/desk/files/list/import", data={"csrf": teacher.csrf(), "rows": wrong}).status_code == 422
    assert names(house) == set()


def test_exports(house, teacher, ada):
    ada.send("/exercises/double", source=RIGHT)
    house.grade()
    book = teacher.get("/desk/files/gradebook.csv?columns=canvas")
    assert book.headers["content-disposition"] == 'attachment; filename="gradebook-canvas-2026-09-01.csv"'
    assert book.headers["cache-control"] == "private, no-store"
    assert "Ada Lovelace" in book.text
    [submission] = teacher.get("/desk/files/submissions.json").json()
    assert submission["exercise"] == "double"
    assert "source" not in submission
    assert {row["name"] for row in teacher.get("/desk/files/people.json").json()} == {"Ada Lovelace", "Grace Hopper"}
    assert teacher.get("/desk/files/audit.csv").status_code == 200
    for wrong in ("secrets.csv", "people.xml", "gradebook.csv?columns=none"):
        assert teacher.get(f"/desk/files/{wrong}").status_code == 422
    assert teacher.get("/desk/files/gradebook.csv?assignment=none").status_code == 404
