import os
from pathlib import Path

import pytest

from kit.bank import Bank, find_root, path_order
from kit.errors import KitError
from kit.exercise import Bilingual, Exercise, Track

MINI_BANK = Path(__file__).parents[1] / "end_to_end" / "mini_bank"


def exercise(slug: str, track: str = "a", order: int = 10, after: tuple[str, ...] = ()) -> Exercise:
    return Exercise(
        bank="", track=track, slug=slug, title=Bilingual(slug, slug), level=1, order=order, points=10, after=after, answers=(), forbid=(),
        devices=("cpu",), seconds=5, check_seconds=None, memory_mb=512,
    )  # fmt: skip


def write(folder: Path, slug: str, toml: str, track: str = "a") -> Path:
    (folder / "exercises" / track / slug).mkdir(parents=True, exist_ok=True)
    (folder / "exercises" / track / "track.toml").write_text('title = { en = "A", zh = "甲" }\norder = 1\n')
    path = folder / "exercises" / track / slug / "exercise.toml"
    path.write_text(toml)
    return path


GOOD = 'title = { en = "One", zh = "一" }\nlevel = 1\norder = 10\npoints = 10\n'


def test_exercises_come_in_the_order_of_learning():
    tracks = [Track(slug="b", title=Bilingual("B", "B"), order=1), Track(slug="a", title=Bilingual("A", "A"), order=2)]
    exercises = [exercise("late", "a", 5), exercise("x", "b", 20, ("y",)), exercise("y", "b", 30), exercise("w", "b", 40, ("late",))]
    assert [each.slug for each in path_order(exercises, tracks)] == ["y", "x", "late", "w"]


def test_a_circle_and_an_unknown_prerequisite_lose_nothing():
    exercises = [exercise("p", after=("q",)), exercise("q", order=20, after=("p",)), exercise("r", order=30, after=("gone", "r"))]
    assert [each.slug for each in path_order(exercises, [])] == ["r", "p", "q"]


def test_what_an_exercise_says(tmp_path):
    bank = Bank(MINI_BANK, cache=tmp_path)
    softplus = bank.exercise("softplus")
    assert (softplus.level, softplus.after, softplus.forbid, softplus.title.say("zh")) == (2, ("double",), ("softplus",), "softplus 函数")
    assert softplus.statement("zh").name == "README.zh.md"
    assert softplus.checks.is_file()
    assert [hint.en for hint in softplus.read().hint][-1] == "max(x, 0) + log1p(exp(-|x|))"
    assert [sum(option.right for option in question.option) for question in softplus.read().quiz] == [1, 1]
    assert [track.slug for track in bank.tracks] == ["warm-up"]


def test_underscores_name_the_same_exercise(tmp_path):
    write(tmp_path, "two-words", GOOD)
    assert Bank(tmp_path, cache=tmp_path).exercise("two_words").slug == "two-words"


def test_an_unknown_name_brings_the_nearest(tmp_path):
    with pytest.raises(KitError, match="Did you mean softplus"):
        Bank(MINI_BANK, cache=tmp_path).exercise("softpuls")
    with pytest.raises(KitError, match="kit list"):
        Bank(MINI_BANK, cache=tmp_path).exercise("zzz")


def test_the_index_is_kept_and_notices_edits(tmp_path):
    path = write(tmp_path, "one", GOOD)
    cache = tmp_path / "cache"
    assert Bank(tmp_path, cache=cache).exercise("one").level == 1
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    assert Bank(tmp_path, cache=cache).exercise("one").level == 1
    assert kept.stat().st_mtime_ns == written
    path.write_text(GOOD.replace("level = 1", "level = 2"))
    os.utime(path, ns=(1, 1))
    assert Bank(tmp_path, cache=cache).exercise("one").level == 2
    write(tmp_path, "two", GOOD)
    assert len(Bank(tmp_path, cache=cache).exercises) == 2
    path.unlink()
    assert len(Bank(tmp_path, cache=cache).exercises) == 1


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"version": 0}', b"\xff\xff"])
def test_a_damaged_index_is_made_anew(tmp_path, damage):
    write(tmp_path, "one", GOOD)
    cache = tmp_path / "cache"
    assert Bank(tmp_path, cache=cache).exercises
    (kept,) = cache.iterdir()
    kept.write_bytes(damage)
    assert Bank(tmp_path, cache=cache).exercise("one").slug == "one"


def test_an_index_that_cannot_be_kept_is_no_error(tmp_path):
    write(tmp_path, "one", GOOD)
    (tmp_path / "file").write_text("")
    assert Bank(tmp_path, cache=tmp_path / "file" / "cache").exercise("one").slug == "one"


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (GOOD.replace("level = 1", 'level = "1"'), "level: Expected `int`"),
        (GOOD + 'colour = "red"\n', "colour"),
        ("level = 1\n", "missing required field `title`"),
        (GOOD + 'devices = ["tpu"]\n', r"devices\[0\]: Invalid enum value 'tpu'"),
        ("level = \n", "not TOML"),
    ],
)
def test_a_wrong_file_names_file_key_and_remedy(tmp_path, toml, says):
    path = write(tmp_path, "one", toml)
    with pytest.raises(KitError, match=says) as raised:
        assert Bank(tmp_path, cache=tmp_path).exercises
    assert raised.value.where == str(path)
    assert raised.value.remedy


def test_a_track_needs_its_file(tmp_path):
    write(tmp_path, "one", GOOD)
    (tmp_path / "exercises" / "a" / "track.toml").unlink()
    with pytest.raises(KitError, match=r"track\.toml"):
        assert Bank(tmp_path, cache=tmp_path).exercises


def test_kit_bank_chooses_the_folder(tmp_path):
    assert find_root({"KIT_BANK": str(MINI_BANK)}) == MINI_BANK
    with pytest.raises(KitError, match="exercises/"):
        find_root({"KIT_BANK": str(tmp_path)})
    assert (find_root({}) / "exercises").is_dir()
