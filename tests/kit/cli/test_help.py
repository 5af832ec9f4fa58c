from kit.cli.help import Page, Row, fill


def test_english_breaks_between_words():
    assert fill("one two three four five six", 20) == ["one two three four", "five six"]


def test_chinese_breaks_between_characters_by_cells():
    lines = fill("从起点重新开始；你的答案会以日期命名保留。", 20)
    assert "".join(lines) == "从起点重新开始；你的答案会以日期命名保留。"
    assert max(sum(2 for _ in line) for line in lines) <= 22


def test_a_page_is_aligned():
    page = Page("[OPTIONS]", "kit x", "Does x.")
    page.add("Options", Row("-h, --help", "Show this page."))
    page.add("Options", Row("-q", "Be quiet."))
    assert page.text().splitlines()[-2:] == ["  -h, --help  Show this page.", "  -q          Be quiet."]
