from pathlib import Path

import pytest
from msgspec.structs import replace

from kit.bank import Bank
from kit.errors import KitError
from kit.grading import Wish, check_names, job, targets
from kit.progress import Progress
from kit.workspace import Workspace

MINI_BANK = Path(__file__).parents[1] / "end_to_end" / "mini_bank"


@pytest.fixture
def bank(tmp_path) -> Bank:
    return Bank(MINI_BANK, cache=tmp_path / "cache")


@pytest.fixture
def workspace(tmp_path, bank) -> Workspace:
    (tmp_path / "work").mkdir()
    made = Workspace.make(tmp_path / "work")
    for slug in ("softplus", "double"):
        made.fetch(bank.exercise(slug), "en")
        Progress(made.private).fetch(slug, frozenset())
    return made


def slugs(found) -> list[str]:
    return [target.exercise.slug for target in found]


def test_without_a_name_the_place_decides_then_the_time(bank, workspace):
    assert slugs(targets([], bank, workspace, workspace.root / "softplus")) == ["softplus"]
    assert slugs(targets([], bank, workspace, workspace.root)) == ["double"]
    assert slugs(targets([], bank, workspace, workspace.root, every=True)) == ["double", "softplus"]


def test_names_are_slugs_files_or_folders(bank, workspace, tmp_path):
    by_slug, by_file, by_folder = targets(["double", "../elsewhere/softplus.py", "softplus/"], bank, workspace, workspace.root)
    assert by_slug.path == workspace.root / "double" / "double.py"
    assert by_file.path == workspace.root / "../elsewhere/softplus.py"
    assert by_file.typed == "../elsewhere/softplus.py"
    assert by_folder.path == workspace.root / "softplus" / "softplus.py"


def test_a_slug_needs_a_workspace_and_a_file_does_not(bank, tmp_path):
    with pytest.raises(KitError, match="no workspace"):
        targets(["double"], bank, None, tmp_path)
    assert slugs(targets(["double.py"], bank, None, tmp_path)) == ["double"]


def test_the_job_carries_the_exercise(bank, workspace):
    (target,) = targets(["softplus"], bank, workspace, workspace.root)
    work = job(target, Wish(only="test_values", seed=3, lang="zh"))
    assert (work.slug, work.filename, work.only, work.seed, work.lang, work.device) == ("softplus", "softplus.py", "values", 3, "zh", "cpu")
    assert work.forbid == ("softplus",)
    assert Path(work.checks).is_file()
    assert work.mistakes is not None


def test_checks_are_named_in_their_order(bank):
    assert check_names(bank.exercise("softplus")) == ["values", "gradient", "large"]


def test_an_unknown_check_brings_the_nearest(bank, workspace):
    (target,) = targets(["softplus"], bank, workspace, workspace.root)
    with pytest.raises(KitError, match="Did you mean gradient"):
        job(target, Wish(only="gradeint"))


@pytest.mark.parametrize(
    ("devices", "choice", "chosen"),
    [
        (("cpu", "cuda"), "default", "cpu"), (("cuda",), "default", "cuda"), (("cpu",), "auto", "cpu"), (("cpu", "cuda"), "auto", "auto"),
        (("cpu", "cuda"), "cuda", "cuda"),
    ],
)  # fmt: skip
def test_devices(bank, workspace, devices, choice, chosen):
    (target,) = targets(["double"], bank, workspace, workspace.root)
    target = type(target)(replace(target.exercise, devices=devices), target.path, target.typed)
    assert job(target, Wish(device=choice)).device == chosen
