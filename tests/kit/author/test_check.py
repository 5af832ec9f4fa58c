"""What `kit author check` finds, and what it leaves alone."""

import pytest
from small_bank import SLUG, edit, replace, right_judge, verdict

from grader.client import JudgeError
from kit.author import statement
from kit.author.check import check
from kit.author.drawers import find
from kit.errors import KitError

EXERCISE = f"exercises/basics/{SLUG}"
MODEL = f"solutions/basics/{SLUG}"
CHECKS = "grader/checks/basics/test_weighted_mean.py"


@pytest.fixture
def fast(monkeypatch):
    """Without running the examples, which takes a process."""
    monkeypatch.setattr(statement, "run_examples", lambda _exercises: {})


def findings(bank, **options):
    return [(finding.where, finding.problem) for report in check(bank, **{"judged": False, **options}) for finding in report.findings]


def the_finding(bank, **options):
    (found,) = findings(bank, **options)
    return found


def test_a_complete_exercise_has_no_findings(bank):
    (report,) = check(bank, judged=False)
    assert report.ok
    assert (report.slug, report.judged, report.findings) == (SLUG, False, [])


def test_what_the_judge_says_is_proof(bank, fast):
    steps = []
    (report,) = check(bank, judge=right_judge, jobs=1, on_progress=lambda *step: steps.append(step))
    assert report.findings == []
    assert (report.judged, report.mistakes, report.diagnosed) == (True, 4, 4)
    assert steps[0] == (0, 1, "")
    assert steps[-1] == (8, 8, SLUG)  # the solution with three seeds, one of them on the GPU if any, the starter, four mistakes


def test_an_unknown_name_is_told_with_the_nearest(bank):
    with pytest.raises(KitError, match="weighted-mean"):
        check(bank, ["weighted-maen"])


@pytest.mark.parametrize(
    "path",
    [
        *(f"{EXERCISE}/{name}" for name in ("exercise.toml", "README.md", "README.zh.md", "starter.py")),
        *(f"{MODEL}/{name}" for name in ("solution.py", "ANSWER.md", "ANSWER.zh.md", "mistakes.toml")),
        CHECKS,
    ],
)
def test_a_missing_file(bank, fast, path):
    (bank / path).unlink()
    assert (path, "the file is missing") in findings(bank)


@pytest.mark.parametrize("path", [f"{EXERCISE}/notes.txt", f"{MODEL}/old/solution.py", "grader/checks/basics/helper.py", "tests/second/nothing.py"])
def test_a_stray_file(bank, fast, path):
    (bank / path).parent.mkdir(parents=True, exist_ok=True)
    (bank / path).write_text("", encoding="utf-8")
    assert the_finding(bank) == (path, "this file belongs to no exercise")


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        ("exercise.toml", "level = 1", "level = 7", "level is 7"),
        ("exercise.toml", "points = 10", "points = 11", "points are 11"),
        ("exercise.toml", "seconds = 5", "seconds = 0", "above zero"),
        ("exercise.toml", "level = 1", 'level = "1"', "level: Expected `int`"),
        ("exercise.toml", "level = 1", "level = 1\nlevle = 2", "levle"),
        ("exercise.toml", "after = []", 'after = ["nothing"]', "after names nothing"),
        ("exercise.toml", "after = []", f'after = ["{SLUG}"]', "after names weighted-mean"),
        ("exercise.toml", '["q1"]', '["q1", "q2"]', "there is no question q2"),
        ("exercise.toml", '["q1"]', "[]", "it answers no question"),
        ("exercise.toml", "forbid = []", 'forbid = ["1x"]', "1x is no rule"),
        ("exercise.toml", "right = true", "right = false", "quiz 1 has 0 right options"),
        ("exercise.toml", "轻轻一推：首先该问自己的问题", "a nudge", "hint 1 is not Chinese in zh"),
        ("exercise.toml", 'en = "a nudge: the question to ask oneself first"', 'en = " "', "hint 1 is empty in a language"),
        ("exercise.toml", '[[hint]]\nen = "nearly', '[[quiz]]\nen = "nearly', "quiz[0]"),
        ("README.md", "# Weighted mean", "# Mean", "heading is not the title"),
        ("README.zh.md", "[2.75]", "[2.76]", "differs from the one in English"),
        ("README.md", "    [2.75]", "    [2.75]\n    >>> 1\n    1", "more or fewer examples"),
        ("starter.py", "your turn", "my turn", "not what the solution gives"),
    ],
)
@pytest.mark.usefixtures("fast")
def test_faults_in_what_learners_see(bank, path, old, new, problem):
    edit(bank / EXERCISE / path, lambda text: text.replace(old, new, 1))
    found = findings(bank)
    assert any(where.startswith(f"{EXERCISE}/") and problem in text for where, text in found), found


def test_a_forbidden_call_that_the_statement_does_not_mention(bank, fast):
    replace(bank / EXERCISE / "exercise.toml", "forbid = []", 'forbid = ["torch.average"]')
    assert [problem for _where, problem in findings(bank)] == ["it does not say that torch.average is forbidden"] * 2


def test_a_function_that_the_statement_does_not_mention(bank, fast):
    edit(bank / EXERCISE / "README.zh.md", lambda text: text.replace("weighted_mean", "average"))
    assert (f"{EXERCISE}/README.zh.md", "it does not mention weighted_mean") in findings(bank)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "mean-of-products"', 'name = "weights-not-normalised"', "another mistake has this name"),
        ('name = "mean-of-products"', 'name = "Mean of products"', "not in kebab-case"),
        ('caught_by = "test_gradients"', 'caught_by = "test_nothing"', "there is no check test_nothing"),
        ('replace = "/ weights.sum(dim=1)"', 'replace = "weights"', "stands 5 times in the solution"),
        ('with = "/ weights.sum()"', 'with = "/  weights.sum(dim=1)"', "the same code as the solution"),
        ('with = "/ weights.sum()"', 'with = ""', "the same code as weights-not-normalised"),
        ('with = "/ weights.sum()"', 'with = "/ ("', "not Python"),
        ('caught_by = "test_gradients"', 'caught_by = "test_gradients"\nsame_as = ["nothing"]', "same_as names nothing"),
        ("梯度传不到权重：某处把它 detach 了。", "No gradient.", "not there in both languages"),
        ('caught_by = "test_gradients"', "", "caught_by"),
    ],
)
def test_faults_in_mistakes(bank, fast, old, new, problem):
    replace(bank / MODEL / "mistakes.toml", old, new)
    where, found = the_finding(bank)
    assert where == f"{MODEL}/mistakes.toml"
    assert problem in found


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("    每一行的加权平均\n", "", "test_values lacks its two titles"),
        ("def test_gradients(answer, draw, worker)", "def test_gradients(draw)", "does not look at the answer"),
        ('after("test_values")', 'after("test_gradients")', "waits for test_gradients, which does not come before it"),
        ("def slow_mean", "def test_values(answer): pass\n\n\ndef slow_mean", "two checks are called test_values"),
        ("def slow_mean", "class TestMean: pass\n\n\ndef slow_mean", "TestMean is a class"),
        ("import pytest", "import pytest(", "this is not Python"),
    ],
)
def test_faults_in_checks(bank, fast, old, new, problem):
    replace(bank / CHECKS, old, new)
    found = findings(bank)
    assert any(where.startswith(CHECKS) and problem in text for where, text in found), found


def test_a_solution_without_docstrings(bank, fast):
    edit(bank / MODEL / "solution.py", lambda text: "import torch\n\n\ndef weighted_mean(values, weights):\n" + text.rpartition('"""\n')[2])
    problems = [problem for _where, problem in findings(bank)]
    assert problems[:2] == ["the module has no docstring", "weighted_mean has no docstring"]


def test_examples_are_run_against_the_solution(bank):
    for name in ("README.md", "README.zh.md"):
        replace(bank / EXERCISE / name, "[2.75]", "[2.5]")
    found = findings(bank)
    assert [where for where, _problem in found] == [f"{EXERCISE}/README.md:15", f"{EXERCISE}/README.zh.md:15"]
    assert "gives [2.75], not [2.5]" in found[0][1]


def test_examples_that_never_end_do_not_stop_the_others(bank, monkeypatch):
    (endless,) = find(bank)
    replace(endless.solution, "import torch\n", "import time\n\nimport torch\n\ntime.sleep(60)\n")
    results = statement.run_examples([endless], seconds=0.1)
    assert "longer than 0.1 s" in results[SLUG][0].problem


def test_level_three_wants_a_second_right_answer(bank, fast):
    edit(bank / EXERCISE / "exercise.toml", lambda text: text.replace("level = 1", "level = 3").replace("points = 10", "points = 30"))
    assert the_finding(bank) == ("tests/second/weighted_mean.py", "the file is missing")
    second = bank / "tests/second/weighted_mean.py"
    second.parent.mkdir(parents=True)
    second.write_text((bank / MODEL / "solution.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert the_finding(bank) == ("tests/second/weighted_mean.py", "it is the solution again")


def test_prerequisites_that_go_round(bank, fast):
    for slug, after in (("second", "third"), ("third", "second")):
        folder = bank / "exercises" / "basics" / slug
        folder.mkdir()
        text = (bank / EXERCISE / "exercise.toml").read_text(encoding="utf-8")
        (folder / "exercise.toml").write_text(
            text.replace("after = []", f'after = ["{after}"]').replace("order = 10", f"order = {len(slug)}"), encoding="utf-8"
        )
    (circle,) = [problem for where, problem in findings(bank) if where == "exercises"]
    assert "go round in a circle" in circle


def test_two_exercises_with_one_order(bank, fast):
    folder = bank / "exercises" / "basics" / "zero"
    folder.mkdir()
    (folder / "exercise.toml").write_bytes((bank / EXERCISE / "exercise.toml").read_bytes())
    assert (f"exercises/basics/{folder.name}/exercise.toml", f"it has the same order as {SLUG}") in findings(bank)


def judged(bank, judge):
    return [problem for _where, problem in findings(bank, judged=True, judge=judge, jobs=1)]


def test_a_solution_that_fails_with_one_seed(bank, fast):
    def judge(job):
        return verdict(job, "values") if job.seed == 12 and "mean" in job.source and right_judge(job).passed else right_judge(job)

    assert judged(bank, judge) == ["it fails values on cpu with seed 12: wrong"]


def test_a_solution_that_is_nearly_too_slow(bank, fast):
    assert judged(bank, lambda job: verdict(job, seconds=4.5) if right_judge(job).passed else right_judge(job)) == ["it takes 4.5 of 5 seconds"]


def test_a_starter_that_passes_or_fails_otherwise(bank, fast):
    def judge(job):
        return verdict(job, "values") if "your turn" in job.source else right_judge(job)

    assert judged(bank, judge) == ['it fails values otherwise than by "your turn": wrong', "it passes gradients"]


def mistaken(bank, name, other):
    """A judge that treats one mistake in another way."""
    from grader.mistakes import apply, load

    mistakes = {mistake.name: mistake for mistake in load(bank / MODEL / "mistakes.toml")}
    source = apply((bank / MODEL / "solution.py").read_text(encoding="utf-8"), mistakes[name])
    return lambda job: other(job) if job.source == source else right_judge(job)


def test_a_mistake_that_passes_and_the_check_that_is_then_idle(bank, fast):
    assert judged(bank, mistaken(bank, "weights-without-gradient", verdict)) == [
        "weights-without-gradient is not caught by any check",
        "no mistake fails gradients",
    ]


def test_a_mistake_caught_by_another_check(bank, fast):
    judge = mistaken(bank, "mean-of-products", lambda job: verdict(job, "gradients", diagnosis="mean-of-products"))
    assert judged(bank, judge) == ["mean-of-products is caught first by gradients, not by test_values"]


def test_a_mistake_taken_for_another_is_right_only_when_they_are_listed_as_the_same(bank, fast):
    judge = mistaken(bank, "mean-of-products", lambda job: verdict(job, "values", diagnosis="one-sum-for-all-rows"))
    assert judged(bank, judge) == ["mean-of-products is diagnosed as one-sum-for-all-rows"]
    replace(bank / MODEL / "mistakes.toml", 'name = "mean-of-products"', 'name = "mean-of-products"\nsame_as = ["one-sum-for-all-rows"]')
    assert judged(bank, judge) == []


def test_what_a_busy_machine_spoilt_is_judged_again(bank, fast):
    seen = []

    def judge(job):
        seen.append((job.source, job.seed, job.device))
        if seen.count(seen[-1]) > 1 or "your turn" in job.source:
            return right_judge(job)
        right = right_judge(job)
        return verdict(job, "values", kind="slow") if right.passed else verdict(job, "gradients" if "detach" in job.source else "values")

    assert judged(bank, judge) == []


def test_a_failure_of_the_judge_is_a_finding_and_the_rest_goes_on(bank, fast):
    def judge(job):
        if "your turn" in job.source:
            raise JudgeError("no room")
        return right_judge(job)

    assert judged(bank, judge) == ["the judge failed: no room"]
