"""A class list: as other programs write it, looked at before it is put in, all or nothing."""

import pytest
from scene import MORNING
from sqlalchemy import select

from kit.classroom import classlist, people
from kit.classroom.classlist import Listed, apply, compare, read
from kit.classroom.errors import Refused
from kit.classroom.room import found
from kit.classroom.schema import Audit, Classroom, Person


@pytest.fixture
def class_store(store):
    found(store, "Deep learning", MORNING)
    return store


def imported(store, text: str):
    with store.writing() as session:
        changes = compare(session, read(text.encode()).rows)
        apply(session, changes, MORNING)
        return changes


def here(store) -> dict[str, tuple]:
    with store.reading() as session:
        return {
            person.name: (person.student_id, person.email, person.section.name if person.section else None)
            for person in session.scalars(select(Person))
        }


@pytest.mark.parametrize(
    "text",
    [
        "name,student number,email,section\nAda L.,007,ada@example.org,A\n",
        "\ufeffName;Student Number;E-Mail;Group\r\nAda L.;007;ada@example.org;A\r\n;;;\r\n",
        "Email address\tLast name\tFirst name\tID number\tGroup\nada@example.org\tL.\tAda\t007\tA\n",
        '"Student","ID","SIS User ID","Email","Section"\n"Ada L.",12,007,ada@example.org,A\n',
        "姓名，,学号,邮箱,班级\n".replace("，", "") + "Ada L.,007,ada@example.org,A\n",
    ],
)
def test_lists_as_other_programs_write_them(text):
    [row] = read(text.encode()).rows
    assert (row.name, row.student_id, row.email, row.section) == ("Ada L.", "007", "ada@example.org", "A")
    [row] = read(text.removeprefix("\ufeff").encode("utf-16")).rows
    assert row.name == "Ada L."


def test_chinese_names_and_encodings():
    text = "学号,姓,名\n2026001,张,三\n"
    assert [row.name for row in read(text.encode("gb18030"), "gb18030").rows] == ["张三"]
    with pytest.raises(Refused, match="--encoding gb18030"):
        read(text.encode("gb18030"))
    with pytest.raises(Refused, match="no encoding is called klingon"):
        read(b"a", "klingon")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "needs a column for the name"),
        (b"name,age\nAda,20\n", "needs a column for the name"),
        (b"name,email\n", "nobody in this list"),
        (b"name,email\n,,,\n", "nobody in this list"),
        (b'name,email\n"Ada,a@b\n', "neither"),
        (b"name,email\n" + b"x" * 200_000, "cannot be read as CSV"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"name,email\n" + b"a,a@b\n" * 20_001, "more than 20000 lines"),
    ],
)
def test_what_is_no_list(class_store, data, said):
    with pytest.raises(Refused, match=said), class_store.writing() as session:
        apply(session, compare(session, read(data).rows), MORNING)


GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (4711),Current Score
,,,,,Manual Posting,
"    Points Possible",,,,,10,(read only)
"Lovelace, Ada",101,{ada},ada1,CS-1,9,90
"Hopper, Grace",102,{grace},grace2,CS-2,8,80
"Student, Test",103,,test3,CS-1,,
"""


@pytest.mark.parametrize(("sis", "numbers"), [(("a7", "g8"), ["a7", "g8"]), (("", ""), ["ada1", "grace2"])])
def test_the_gradebook_of_canvas_is_a_class_list(sis, numbers):
    sheet = read(GRADEBOOK.format(ada=sis[0], grace=sis[1]).encode())
    assert [(row.line, row.name, row.student_id, row.section) for row in sheet.rows] == [
        (4, "Lovelace, Ada", numbers[0], "CS-1"),
        (5, "Hopper, Grace", numbers[1], "CS-2"),
    ]
    assert sheet.unused[-2:] == ("Week 1 (4711)", "Current Score")
    assert "Section" not in sheet.unused


@pytest.mark.parametrize("heading", ["ID", "Student ID", "学号", "id number"])
def test_headings_of_the_number(heading):
    assert read(f"name,{heading},age\nAda,007,20\n".encode()) == ([Listed(line=2, name="Ada", student_id="007")], ("age",))


def test_a_row_that_stands_there_twice_is_passed_over(class_store):
    changes = imported(class_store, "name,student number\nAda,a1\nBob,2\n Ada ,a1\n")
    assert (len(changes.new), changes.notes, changes.problems) == (2, ("line 4: the same as line 2, passed over",), ())


def test_the_case_of_a_number_makes_nobody_twice(class_store):
    imported(class_store, "name,student number\nAda,ab1\n")
    changes = imported(class_store, "name,student number\nAda,AB1\n")
    assert (changes.new, [changed.fields for changed in changes.changed]) == ((), [{"student_id": ["ab1", "AB1"]}])
    with class_store.writing() as session:
        code = session.get_one(Classroom, 1).join_code
        assert people.join(session, code=code, name="Ada", student_id="Ab1", now=MORNING).student_id == "AB1"


def test_a_list_is_put_in_and_again_changes_nothing(class_store):
    text = "name,student number,email,section\nAda,1,Ada@Example.org,Lab A\nBob,2,,Lab B\nEve,,eve@example.org,\n"
    assert len(imported(class_store, text).new) == 3
    assert here(class_store) == {"Ada": ("1", "ada@example.org", "Lab A"), "Bob": ("2", None, "Lab B"), "Eve": (None, "eve@example.org", None)}
    again = imported(class_store, text)
    assert (again.new, again.changed, again.same) == ((), (), 3)


def test_who_is_here_is_known_again_by_number_or_email(class_store):
    imported(class_store, "name,student number,email,section\nAda,1,,Lab A\nEve,,eve@example.org,\n")
    changes = imported(class_store, "name,student number,email,section\nAda Lovelace,1,ada@example.org,Lab B\nEve,5,eve@example.org,\n")
    assert [(changed.listed.name, changed.fields) for changed in changes.changed] == [
        ("Ada Lovelace", {"name": ["Ada", "Ada Lovelace"], "email": ["", "ada@example.org"], "section": ["Lab A", "Lab B"]}),
        ("Eve", {"student_id": ["", "5"]}),
    ]
    assert here(class_store) == {"Ada Lovelace": ("1", "ada@example.org", "Lab B"), "Eve": ("5", "eve@example.org", None)}


def joined(store, name: str, **who) -> Person:
    with store.writing() as session:
        person = people.join(session, code=session.get_one(Classroom, 1).join_code, name=name, now=MORNING, **who)
        people.issue(session, person, "client", now=MORNING)
        return person


@pytest.mark.parametrize("row", ["Victoria,17,victoria@example.org", "Victoria,,victoria@example.org"])
def test_a_stranger_with_a_listed_email_does_not_become_the_student(class_store, row):
    mallory = joined(class_store, "Mallory", email="victoria@example.org")
    with class_store.reading() as session:
        changes = compare(session, read(f"name,student number,email\nAda,1,\n{row}\n".encode()).rows)
    assert changes.changed == ()
    [problem] = changes.problems
    assert problem.startswith("line 3: victoria@example.org is already the email of Mallory, who is not Victoria")
    with pytest.raises(Refused, match="1 line of the list cannot be taken"):
        imported(class_store, f"name,student number,email\nAda,1,\n{row}\n")
    assert here(class_store) == {"Mallory": (None, "victoria@example.org", None)}
    with class_store.writing() as session:
        people.correct(session, session.get_one(Person, mallory.id), name="Mallory", email="", student_id="")
    assert len(imported(class_store, f"name,student number,email\n{row}\n").new) == 1


@pytest.mark.parametrize(
    ("known", "listed"), [("victoria LEE", "Lee, Victoria"), ("周强磊", "周强磊 (Zhou Qianglei)"), ("周强磊 (Zhou Qianglei)", "周强磊")]
)
def test_who_came_in_under_the_listed_name_is_known_by_the_email(class_store, known, listed):
    joined(class_store, known, email="v@example.org")
    changes = imported(class_store, f'name,student number,email\n"{listed}",17,v@example.org\n')
    assert (changes.new, len(changes.changed), changes.problems) == ((), 1, ())


def test_what_a_list_changed_stands_in_the_audit(class_store):
    imported(class_store, "name,student number,email\nAda,1,\nBob,2,\n")
    imported(class_store, "name,student number,email,section\nAda Lovelace,1,ada@example.org,Lab A\nBob,2,,\n")
    with class_store.reading() as session:
        [note] = session.scalars(select(Audit))
        ada = session.scalar(select(Person.id).where(Person.student_id == "1"))
        assert (note.person_id, note.action, note.object) == (None, "list-change", f"person {ada}")
        assert note.detail == {"name": ["Ada", "Ada Lovelace"], "email": ["", "ada@example.org"], "section": ["", "Lab A"]}


def test_numbers_in_full_width_are_the_same(class_store):
    imported(class_store, "name,student number\nAda,１７ａ\n")
    changes = imported(class_store, "name,student number\nAda,17A\nBob,18\n")
    assert (len(changes.new), len(changes.changed), changes.problems) == (1, 1, ())
    with class_store.reading() as session:
        assert "as line 2" in compare(session, read("name,student number\nEve,19\nIda,１９\n".encode()).rows).problems[0]


def test_a_name_without_a_letter_is_a_problem(class_store):
    with class_store.reading() as session:
        changes = compare(session, read(b"name,student number\n...,1\nAda,2\n").rows)
    assert [problem.partition(" has ")[0] for problem in changes.problems] == ["line 2: the name"]
    assert len(changes.new) == 1


def test_a_list_without_numbers_is_joined_by_the_email(class_store):
    imported(class_store, "name,email\nAda Lovelace,ada@example.org\n")
    assert joined(class_store, "lovelace, ada", email="ada@example.org").name == "Ada Lovelace"
    assert len(here(class_store)) == 1


def test_an_imported_student_joins_by_number(class_store):
    imported(class_store, "name,student number\nAda Lovelace,007\n")
    with class_store.writing() as session:
        code = session.get_one(Classroom, 1).join_code
        assert people.join(session, code=code, name="lovelace, ada", student_id="007", now=MORNING).name == "Ada Lovelace"


def test_problems_are_told_by_line_and_nobody_is_added(class_store):
    with class_store.writing() as session:
        people.add(session, role="teacher", name="Grace", email="grace@example.org", now=MORNING)
        people.add(session, role="student", name="Zoe", student_id="9", email="zoe@example.org", now=MORNING)
    text = (
        "name,student number,email\nAda,1,\nBob,1,\nEve,,\n\u202e,3,\nMallory,4,no email\nGrace,,grace@example.org\n"
        "Zoe,10,zoe@example.org\nYan,,\n"
    )  # fmt: skip
    with class_store.reading() as session:
        changes = compare(session, read(text.encode()).rows)
    assert [problem.partition(":")[0] for problem in changes.problems] == [f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9)]
    assert "the same number or email as line 2" in changes.problems[0]
    assert "is no student here" in changes.problems[4]
    assert "another student number" in changes.problems[5]
    with pytest.raises(Refused, match="7 lines of the list cannot be taken"):
        imported(class_store, text)
    assert sorted(here(class_store)) == ["Grace", "Zoe"]


def test_two_people_cannot_become_one(class_store):
    imported(class_store, "name,student number,email\nAda,1,a@example.org\nBob,2,b@example.org\n")
    with class_store.reading() as session:
        changes = compare(session, [Listed(line=2, name="Ada", student_id="1", email="b@example.org")])
    assert "the email is somebody else's" in changes.problems[0]


def test_names_are_cleaned(class_store):
    imported(class_store, "name,student number\n  Ada\u202e   Love\u200blace ,7\u200b\n")
    assert here(class_store) == {"Ada Lovelace": ("7", None, None)}


def test_two_hundred_students(class_store):
    lines = "".join(f"Student {n},{n},s{n}@example.org,Lab {n % 8}\n" for n in range(200))
    changes = imported(class_store, f"name,student number,email,section\n{lines}")
    assert (len(changes.new), len(here(class_store))) == (200, 200)
    assert len(classlist.HEADINGS["name"]) > 5
