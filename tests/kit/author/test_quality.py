"""The report on the quality of exercises, by a judge that runs nothing; what did not change is not judged again."""

import msgspec
import pytest
from small_bank import SLUG, edit, right_judge

from kit.author.quality import gather, summary
from kit.screen.quality import write_page


class Counting:
    def __init__(self):
        self.jobs = 0

    def __call__(self, job):
        self.jobs += 1
        return right_judge(job)


@pytest.fixture
def judge():
    return Counting()


def test_what_is_told_of_an_exercise(bank, tmp_path, judge):
    blind = bank / "tests" / "blind" / f"{SLUG.replace('-', '_')}.py"
    blind.parent.mkdir(parents=True)
    blind.write_text("# blind: passed at try 2\n")
    report = gather(bank, tmp_path / "out", judge=judge, jobs=1)
    (only,) = report.exercises
    assert (only.slug, only.track, only.blind, only.findings) == (SLUG, "basics", 2, ())
    assert only.diagnosed == only.mistakes >= 4
    assert 0 < only.killed <= only.mutants
    assert set(only.checks) == {"values", "gradients"}
    assert (report.questions, report.uncovered) == (1, ())
    assert summary(report)[1:3] == ["questions covered: 1 of 1", f"mistakes: {only.mistakes}, named as themselves: {only.mistakes}"]
    assert "0 at the first try, 1 at the second, 0 missing" in summary(report)[-1]


def test_what_has_not_changed_is_taken_from_the_earlier_report(bank, tmp_path, judge):
    first = gather(bank, tmp_path, judge=judge, jobs=1)
    judged = judge.jobs
    assert gather(bank, tmp_path, judge=judge, jobs=1) == first
    assert judge.jobs == judged > 0
    edit(bank / f"solutions/basics/{SLUG}/ANSWER.md", lambda text: text + "\nMore.\n")
    gather(bank, tmp_path, judge=judge, jobs=1)
    assert judge.jobs == 2 * judged
    gather(bank, tmp_path, judge=judge, jobs=1, limit=3)
    assert 2 * judged < judge.jobs < 3 * judged


def test_a_question_without_an_exercise_is_told(bank, tmp_path, judge):
    edit(bank / f"exercises/basics/{SLUG}/exercise.toml", lambda text: text.replace('answers = ["q1"]', "answers = []"))
    report = gather(bank, tmp_path, judge=judge, jobs=1, limit=1)
    assert report.uncovered == ("q1",)
    assert "q1" in write_page(tmp_path, report).read_text(encoding="utf-8")


def test_the_page_tells_what_is_to_be_put_right_and_escapes_it(bank, tmp_path, judge):
    report = gather(bank, tmp_path, judge=judge, jobs=1, limit=1)
    spoilt = msgspec.structs.replace(report.exercises[0], findings=("a < b & c",))
    page = write_page(tmp_path, msgspec.structs.replace(report, exercises=[spoilt])).read_text(encoding="utf-8")
    assert "a &lt; b &amp; c" in page
    assert "a < b" not in page
    assert page.count("<tr>") == 1 + 1 + 1 + len(spoilt.checks)


def test_a_damaged_earlier_report_is_written_anew(bank, tmp_path, judge):
    (tmp_path / "report.json").write_text("{")
    assert len(gather(bank, tmp_path, judge=judge, jobs=1, limit=1).exercises) == 1
