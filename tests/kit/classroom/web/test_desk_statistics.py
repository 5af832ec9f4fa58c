"""What the class finds hard, as pages."""

from browser import Browser
from house import RIGHT, WRONG


def test_the_hardest_first_and_check_by_check(house, teacher, ada):
    assert "Nothing has been judged yet." in teacher.get("/desk/statistics").text
    assert "Nothing has been judged yet." in teacher.get("/desk/statistics/double").text
    eve = Browser(house).sign_in(house.person("Eve", section="Lab A"))
    for browser, exercise, source in ((ada, "double", WRONG), (ada, "double", RIGHT), (eve, "double", WRONG), (eve, "softplus", RIGHT)):
        browser.send(f"/exercises/{exercise}", source=source)
        house.grade()
    page = teacher.get("/desk/statistics").text
    assert page.index("/desk/statistics/double") < page.index("/desk/statistics/softplus")
    assert "50% (1 of 2)" in page
    one = teacher.get("/desk/statistics/double").text
    assert "100% (2 of 2)" in one
    assert "100% fail: values; most often: You squared x." in one
    assert "<strong>2</strong> You squared x." in one
    assert "100% (1 of 1)" in teacher.get("/desk/statistics/double?section=Lab%20A").text
    assert teacher.get("/desk/statistics/none").status_code == 404
    assert teacher.get("/desk/statistics/double?assignment=none").status_code == 404
