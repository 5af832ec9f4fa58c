"""A folder of answers: every one gets its row, none twice, and a run that was stopped goes on."""

import csv
import os
import stat
from pathlib import Path

import pytest
from referee import Referee, glance

from kit.classroom.batch import grade_folder, kept_beside
from kit.classroom.executor import Infrastructure
from kit.errors import KitError


@pytest.fixture
def answers(tmp_path) -> Path:
    """Four answers of three students, and one that is not text."""
    sources = {"ada/double.py": "good good good", "ada/softplus.py": "good", "bob/double.py": "good good", "eve/double.py": "good good good"}
    for place, source in sources.items():
        path = tmp_path / "answers" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    (tmp_path / "answers" / "eve" / "softplus.py").write_bytes(b"\xff\xfe")
    return tmp_path / "answers"


def graded(answers, bank, executor, out, **options):
    return grade_folder(answers, out, bank, executor, sandbox="local", **options)


def rows(out) -> dict[tuple[str, str], dict[str, str]]:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}


def test_each_answer_has_its_row(answers, bank, tmp_path):
    referee, out = Referee(), tmp_path / "results.csv"
    outcome = graded(answers, bank, referee, out)
    assert {key: (row["status"], row["points"]) for key, row in rows(out).items()} == {
        ("ada", "double"): ("passed", "10"),
        ("ada", "softplus"): ("failed", "0"),
        ("bob", "double"): ("failed", "0"),
        ("eve", "double"): ("passed", "10"),
        ("eve", "softplus"): ("error", ""),
    }
    assert rows(out)["eve", "softplus"]["message"].startswith("the answer is not UTF-8")
    assert (outcome.unread, outcome.broken, outcome.remembered, outcome.strays) == (1, 0, 0, ())
    assert len(referee.jobs) == 3, "two students with the same source share a verdict"
    assert {job.policy for job in referee.jobs} == {"local"}


def test_one_bad_answer_stops_no_other_and_is_an_error_not_a_zero(answers, bank, tmp_path):
    tries = []

    def shaky(job):
        if job.source == "good good":
            tries.append(job)
            raise Infrastructure("the judge ended")
        if job.slug == "softplus":
            raise ZeroDivisionError("ours")
        return glance(job)

    out = tmp_path / "results.csv"
    outcome = graded(answers, bank, Referee(shaky), out)
    found = rows(out)
    assert [found["bob", "double"][column] for column in ("status", "points", "message")] == ["error", "", "the judge ended"]
    assert [found["ada", "softplus"][column] for column in ("status", "points", "message")] == ["error", "", "ours"]
    assert found["eve", "double"]["status"] == "passed"
    assert (outcome.broken, len(tries)) == (2, 3)


def test_a_second_run_judges_only_what_has_no_verdict(answers, bank, tmp_path):
    out, first, second = tmp_path / "results.csv", Referee(), Referee()

    def interrupted(job):
        if job.slug == "softplus":
            raise Infrastructure("gone")
        return glance(job)

    graded(answers, bank, Referee(interrupted), out)
    (answers / "bob" / "double.py").write_text("better good", encoding="utf-8")
    outcome = graded(answers, bank, first, out)
    assert sorted((job.slug, job.source) for job in first.jobs) == [("double", "better good"), ("softplus", "good")]
    assert (outcome.remembered, outcome.broken) == (2, 0)
    before = out.read_bytes()
    graded(answers, bank, second, out)
    assert (second.jobs, out.read_bytes()) == ([], before)


def test_a_verdict_that_was_cut_short_does_not_count(answers, bank, tmp_path):
    out, referee = tmp_path / "results.csv", Referee()
    graded(answers, bank, Referee(), out)
    kept = kept_beside(out)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-20])
    graded(answers, bank, referee, out)
    assert len(referee.jobs) == 1
    graded(answers, bank, referee, out)
    assert len(referee.jobs) == 1


def test_stopped_in_the_middle_what_was_judged_is_kept(answers, bank, tmp_path):
    out, referee = tmp_path / "results.csv", Referee()

    def stop(_done, _total, _student):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(answers, bank, Referee(places=1), out, on_progress=stop)
    assert not out.exists()
    graded(answers, bank, referee, out)
    assert len(referee.jobs) == 2
    assert len(rows(out)) == 5


def test_who_handed_in_no_python_file_has_a_row_and_no_zero(answers, bank, tmp_path):
    (answers / "doejane_12_345_work.zip").write_bytes(b"PK")
    (answers / "roe_9_1_double.py").write_text("good", encoding="utf-8")
    (answers / "roe_LATE_9_2_double-1.py").write_text("good good good", encoding="utf-8")
    out, plain = tmp_path / "results.csv", tmp_path / "canvas.csv"
    outcome = graded(answers, bank, Referee(), out)
    doe = rows(out)["doejane", ""]
    assert [doe[column] for column in ("status", "points", "message")] == ["error", "", "not a Python file"]
    assert rows(out)["roe", "double"]["status"] == "passed"
    assert (outcome.unread, outcome.broken, [each.path.name for each in outcome.older]) == (2, 0, ["roe_9_1_double.py"])
    graded(answers, bank, Referee(), plain, columns="canvas")
    assert '"doejane","12","","","","",""' in plain.read_text(encoding="utf-8-sig")


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_names_and_verdicts_are_for_their_owner_alone(answers, bank, tmp_path):
    out = tmp_path / "results.csv"
    kept_beside(out).touch(mode=0o644)
    graded(answers, bank, Referee(), out)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (out, kept_beside(out))] == [0o600, 0o600]


def test_progress_counts_answers(answers, bank, tmp_path):
    seen = []
    graded(answers, bank, Referee(places=1), tmp_path / "r.csv", on_progress=lambda done, total, student: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert seen == sorted(seen)


def test_a_place_that_cannot_be_written_is_told_before_anything_is_judged(answers, bank, tmp_path):
    referee = Referee()
    with pytest.raises(KitError, match="cannot be written"):
        graded(answers, bank, referee, tmp_path / "no" / "such" / "results.csv")
    assert referee.jobs == []
