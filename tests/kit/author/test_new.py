"""A new exercise is complete at once, and says what is still to be written."""

import pytest
from small_bank import SLUG

from kit.author.check import check
from kit.author.mutate import mutate
from kit.author.new import new
from kit.errors import KitError


def files(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_only_what_is_to_be_written_is_found(tmp_path):
    new(tmp_path, "basics", SLUG, 'The "mean"', "平均值")
    found = [finding.problem for report in check(tmp_path, judged=False) for finding in report.findings]
    assert len(found) > 20
    assert [problem for problem in found if not problem.startswith("still to be written: ")] == ["it answers no question"]


def test_files_and_their_places(tmp_path):
    written = new(tmp_path, "basics", SLUG, "Mean", "平均值")
    assert [path.relative_to(tmp_path).as_posix() for path in written] == list(files(tmp_path))
    assert "def weighted_mean" in (tmp_path / f"exercises/basics/{SLUG}/starter.py").read_text(encoding="utf-8")


def test_the_next_exercise_comes_after_the_last_of_its_track(tmp_path):
    new(tmp_path, "basics", "first", "First", "第一")
    new(tmp_path, "basics", "second", "Second", "第二")
    new(tmp_path, "more", "third", "Third", "第三")

    def order(path):
        return next(line for line in (tmp_path / "exercises" / path).read_text(encoding="utf-8").splitlines() if line.startswith("order"))

    assert [order(f"basics/{slug}/exercise.toml") for slug in ("first", "second")] == ["order = 10", "order = 20"]
    assert [order(f"{track}/track.toml") for track in ("basics", "more")] == ["order = 10", "order = 20"]


@pytest.mark.parametrize("track", ["basics", "another"])
def test_nothing_is_overwritten(tmp_path, track):
    new(tmp_path, "basics", SLUG, "Mean", "平均值")
    before = files(tmp_path)
    with pytest.raises(KitError, match="of this name"):
        new(tmp_path, track, SLUG, "Other", "别的")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("track", "slug", "title"), [("basics", "Not_kebab", "T"), ("../out", SLUG, "T"), ("basics", "", "T"), ("basics", SLUG, " ")]
)
def test_names_and_titles_are_checked_before_anything_is_written(tmp_path, track, slug, title):
    with pytest.raises(KitError):
        new(tmp_path, track, slug, title, "平均值")
    assert files(tmp_path) == {}


@pytest.mark.slow
def test_the_judge_proves_a_new_exercise(bank):
    (report,) = check(bank)
    assert report.findings == []
    assert (report.mistakes, report.diagnosed) == (4, 4)
    (mutation,) = mutate(bank, limit=12, seed=1)
    assert [outcome.mutant.description for outcome in mutation.survived] == []
    assert mutation.count("killed") == 12
