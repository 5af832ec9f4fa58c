"""A teacher keeps a classroom in order from the command line, by the real kit."""

import csv
import stat
from datetime import UTC, datetime

import pytest
from person import Learner

from kit.classroom.database import open_store
from kit.classroom.room import found


@pytest.fixture
def teacher(learner: Learner) -> Learner:
    """Somebody in a folder with a classroom that was served once."""
    store = open_store(f"sqlite:///{learner.folder / 'classroom.db'}")
    found(store, "Deep learning", datetime.now(UTC))
    store.close()
    (learner.folder / "list.csv").write_text("姓名,学号,班级\n张三,2026001,A\nAda,2026002,B\n", encoding="utf-8")
    return learner


def test_a_class_list_comes_in_and_a_gradebook_goes_out(teacher: Learner):
    looked = teacher.kit("class", "import", "list.csv", "--look")
    assert (looked.status, looked.out.splitlines()) == (0, ["+ 张三 · 2026001 · A", "+ Ada · 2026002 · B", "2 new · 0 changed · 0 as they were"])
    assert "Nothing was changed." in looked.err
    assert teacher.kit("class", "import", "list.csv").out == "2 new · 0 changed · 0 as they were\n"
    assert teacher.kit("class", "import", "list.csv").out == "0 new · 0 changed · 2 as they were\n"
    (teacher.folder / "newer.csv").write_text("name,id,email\nAda Lovelace,2026002,ada@example.org\n", encoding="utf-8")
    looked = teacher.kit("class", "import", "newer.csv", "--look").out
    assert looked.startswith("~ Ada Lovelace: name Ada → Ada Lovelace, email – → ada@example.org\n")
    run = teacher.kit("class", "export", "gradebook", "grades.csv")
    assert (run.status, run.out) == (0, "grades.csv\n")
    with (teacher.folder / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Ada", "张三"]
    assert stat.S_IMODE((teacher.folder / "grades.csv").stat().st_mode) == 0o600


def test_a_backup_moves_a_class(teacher: Learner):
    assert teacher.kit("class", "import", "list.csv").status == 0
    run = teacher.kit("class", "backup", "class.gz")
    assert (run.status, run.out) == (0, "class.gz\n")
    assert "Deep learning: 2 people, 0 submissions." in run.err
    again = teacher.kit("class", "backup", "class.gz")
    assert (again.status, "there is a file of this name already" in again.err) == (2, True)
    full = teacher.kit("class", "restore", "class.gz")
    assert (full.status, "a classroom is there already" in full.err) == (2, True)
    whole = (teacher.folder / "class.gz").read_bytes()
    (teacher.folder / "cut.gz").write_bytes(whole[: len(whole) // 2])
    before = {path.name for path in teacher.folder.iterdir()}
    cut = teacher.kit("class", "restore", "cut.gz", "--database", "sqlite:///third.db")
    assert (cut.status, {path.name for path in teacher.folder.iterdir()}) == (2, before)
    moved = teacher.kit("class", "restore", "class.gz", KIT_DATABASE="sqlite:///new.db")
    assert (moved.status, "is in sqlite:///new.db now" in moved.out) == (0, True)
    assert teacher.kit("class", "import", "list.csv", "--database", "sqlite:///new.db").out == "0 new · 0 changed · 2 as they were\n"


def test_backups_of_one_second_have_names_of_their_own(teacher: Learner):
    names = [teacher.kit("class", "backup").out.strip() for _ in range(3)]
    assert len(set(names)) == 3
    assert all((teacher.folder / name).is_file() for name in names)


def test_the_doctor_comes_before_the_classroom(learner: Learner):
    run = learner.kit("class", "doctor", "--sandbox", "local")
    assert run.status == 0
    assert "– database no classroom yet (sqlite:///classroom.db): it is made at the first start" in " ".join(run.out.split())
    assert not (learner.folder / "classroom.db").exists()


def test_a_link_and_a_code(teacher: Learner):
    run = teacher.kit("class", "add-teacher", "Grace Hopper", "--url", "https://class.example.org/")
    assert run.out.startswith("https://class.example.org/signin?token=")
    assert "Grace Hopper signs in, once within 24 hours" in run.err
    assert "New teacher added: Grace Hopper." in run.err
    assert "guess" not in run.err
    again = teacher.kit("class", "add-teacher", "grace  hopper")
    assert again.out.startswith("http://127.0.0.1:8000/signin?token=")
    assert "Renewed: Grace Hopper is here already." in again.err
    assert "The address is a guess" in again.err
    code = teacher.kit("class", "rotate-code").out
    assert len(code.strip()) == 9


@pytest.mark.parametrize(
    ("command", "says", "remedy"),
    [
        ("export points a.csv", "THING cannot be points", "gradebook, submissions, people, audit"),
        ("export people a.xls", "FILE cannot be xls", "csv, json"),
        ("export people a", "FILE cannot be –", "csv, json"),
        ("export gradebook a.csv --columns excel", "--columns cannot be excel", "plain, canvas, moodle"),
        ("export gradebook a.csv --assignment week-9", "no assignment is called week-9", "There is none yet."),
        ("export people no/such/a.csv", "the file cannot be written", "Choose another place"),
        ("import absent.csv", "the list cannot be read", "Name a file"),
        ("import list.csv --encoding klingon", "no encoding is called klingon", "utf-8"),
        ("restore absent.gz --database sqlite:///new.db", "the backup cannot be read", "Take another one"),
        ("backup a.gz --database sqlite:///absent.db", "there is no classroom yet", "kit class serve"),
        ("rotate-code --database sqlite:///absent.db", "there is no classroom yet", "kit class serve"),
        ("doctor --sandbox none", "--sandbox cannot be none", "server, local"),
        ("add-teacher", "NAME is missing", "kit class add-teacher -h"),
    ],
)
def test_one_line_with_a_remedy(teacher: Learner, command: str, says: str, remedy: str):
    run = teacher.kit("class", *command.split())
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith("error: ")
    assert says in run.err
    assert remedy in run.err
    assert not (teacher.folder / "absent.db").exists()


def test_the_doctor_sees_what_is_there_and_what_is_not(teacher: Learner):
    run = teacher.kit("class", "doctor", "--sandbox", "local")
    assert "✗ classroom  Deep learning, 0 students, 0 of the staff" in run.out
    assert "Add a teacher: kit class add-teacher NAME" in run.out
    assert "2 exercises, complete" in run.out
    assert run.status == 1
    teacher.kit("class", "add-teacher", "Grace")
    assert teacher.kit("class", "doctor", "--sandbox", "local").status == 0
