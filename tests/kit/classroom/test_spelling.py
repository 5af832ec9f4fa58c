"""Names: what of them can be seen, and which mean the same person."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.classroom import spelling


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("ada  lovelace", "Ada Lovelace"),
        ("Lovelace, Ada", "Ada Lovelace"),
        ("Qianglei Zhou", "Zhou Qianglei"),
        ("Zhou Qiang-lei", "Zhou Qianglei"),
        ("周强磊", "周强磊"),
        ("周 强磊", "周强磊"),
        ("周强磊", "周强磊 (Zhou Qianglei)"),
        ("Zhou Qianglei", "周强磊 (Zhou Qianglei)"),
        ("李安", "李安 Ang"),
        ("佐々木", "佐々木 (Sasaki Ken)"),
        ("佐藤 さくら", "さくら 佐藤"),
        ("王 xiao ming", "Xiao Ming 王"),
        ("2 韩梅梅", "韩梅梅 2"),
        ("Jose Nunez", "José Núñez"),
        ("ＡＤＡ　Ｌｏｖｅｌａｃｅ", "Ada Lovelace"),
        ("Strauss", "Strauß"),
    ],
)
def test_names_that_are_one_however_they_are_written(typed, listed):
    assert spelling.same(typed, listed)


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("Ada", "Ada Lovelace"),
        ("Grace Hopper", "Ada Lovelace"),
        ("", "Ada Lovelace"),
        ("...", "Ada Lovelace"),
        ("Ada Ada", "Ada Lovelace"),
        ("磊", "周强磊"),
        ("张伟", "周强磊"),
        ("Ada", "Ada Ülker"),
        ("", "..."),
        ("佐藤", "佐藤 さくら"),
        ("さくら", "佐藤 さくら"),
        ("佐藤", "佐藤 さくら (Sato Sakura)"),
        ("2", "韩梅梅 2"),
        ("韩梅梅", "韩梅梅 2"),
        ("韩梅梅", "韩梅梅 B"),
        ("B", "韩梅梅 B"),
        ("王", "王 xiao ming"),
        ("Xiao Ming", "王 xiao ming"),
        ("佐木", "佐々木 (Sasaki Ken)"),
        ("李安", "李安 Анг"),
        ("Ang", "李安 Ang 2"),
    ],
)
def test_names_of_two_people(typed, listed):
    assert not spelling.same(typed, listed)


@pytest.mark.parametrize(("name", "some"), [("...", False), ("—·—", False), ("´", False), ("Ada", True), ("周强磊", True), ("🙂", True)])
def test_names_that_can_be_compared(name, some):
    assert spelling.is_comparable(name) is some
    assert spelling.same(name, name) is some


def test_numbers_are_compared_without_width_and_case():
    assert spelling.folded("２０２６ａｂ") == spelling.folded("2026AB") == "2026ab"


@pytest.mark.parametrize("blank", ["", " ", "\u3164", "\u2800\u2800", "\u115f\u1160", "\uffa0", "\u200b\u200d\ufeff", "\u0301\u0301", "\ufe0f"])
def test_names_that_nobody_can_see(blank):
    assert not spelling.is_visible(spelling.line(blank, 100))


@pytest.mark.parametrize("name", ["Ada", "周强磊", "Nguyễn Thị", "བསྒྲུབས", "ปิ่น", "🙂", "7"])
def test_names_that_can_be_read(name):
    assert spelling.is_visible(name)
    assert spelling.line(name, 100) == unicodedata.normalize("NFC", name)


def test_marks_do_not_climb():
    assert spelling.line("Z" + "\u0335" * 500 + "o", 1000) == "Z" + "\u0335" * 4 + "o"


@given(st.text(alphabet=st.sampled_from("aZ \u0301\u0335\u1100\u1161\u200b周") | st.characters(), max_size=60))
def test_a_line_stays_as_it_is(text):
    once = spelling.line(text, 100)
    assert spelling.line(once, 100) == once
    assert unicodedata.is_normalized("NFC", once)
