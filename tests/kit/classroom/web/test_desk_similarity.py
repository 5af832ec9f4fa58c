"""Similar answers: the pairs of a class, two side by side, and hints beside a submission. Compared once until something is handed in."""

import pytest
from browser import Browser

from kit.classroom.web import desk_similarity

LONG = """def double(x):
    total = x.new_zeros(x.shape)
    for step in range(2):
        total = total + x
    if total.isnan().any():
        raise ValueError("nan")
    return total
"""
OTHER = "def double(values):\n    return values.mul(2)\n"


@pytest.fixture
def handed(house, ada) -> list[int]:
    made = []
    for name, source in (("Eve", LONG), ("Bob", LONG.replace("total", "summed").replace("step", "turn")), ("Cem", OTHER)):
        Browser(house).sign_in(house.person(name)).send("/exercises/double", source=source)
        made.append(house.grade(passed=True))
    return made


def test_pairs_and_side_by_side(teacher, handed):
    page = teacher.get("/desk/similarity/double").text
    link = f"/desk/similarity/double/{handed[0]}/{handed[1]}"
    assert f'href="{link}"' in page
    assert page.count("/desk/similarity/double/") == 1
    beside = teacher.get(link).text
    assert beside.index("Eve") < beside.index("Bob")
    assert beside.count('class="hll"') > 6
    assert "nothing to speak of in common" in teacher.get(f"/desk/similarity/double/{handed[0]}/{handed[2]}").text
    for wrong in (f"double/{handed[0]}/999", f"softplus/{handed[0]}/{handed[1]}", "none/1/2", "none"):
        assert teacher.get(f"/desk/similarity/{wrong}").status_code == 404


def test_compared_once_until_something_is_handed_in(teacher, ada, handed, monkeypatch):
    asked = []
    real = desk_similarity.similar
    monkeypatch.setattr(desk_similarity, "similar", lambda *given, **more: asked.append(1) or real(*given, **more))
    own = f"/desk/submissions/{handed[1]}"
    assert "Compare the class" in teacher.get(own).text
    for _again in range(2):
        teacher.get("/desk/similarity/double")
    assert len(asked) == 1
    assert f'href="/desk/similarity/double/{handed[0]}/{handed[1]}">Eve</a>' in teacher.get(own).text
    assert "None of the class" in teacher.get(f"/desk/submissions/{handed[2]}").text
    ada.send("/exercises/double", source=OTHER)
    assert "Compare the class" in teacher.get(own).text
