"""A class in real browsers: a teacher, students, a wrong and a right answer, boards that move, a regrade; with JavaScript and without it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright
from scene import MINI_BANK
from served import PATIENCE, Served, strongest_sandbox

pytestmark = pytest.mark.slow
expect.set_options(timeout=1000 * PATIENCE)

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
GRAVE = {"serious", "critical"}
RIGHT = "def double(x):\n    return 2 * x\n"
SQUARED = "def double(x):\n    return x * x\n"
CLEO = "Cleo <b>Patra</b>"  # stays text everywhere
DETACHED = "def double(x):\n    return 2 * x.detach()\n"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's, headless."""
    if not Path(CHROMIUM).exists() and os.environ.get("KIT_REQUIRE_CHROMIUM") != "1":
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """A bank whose checks may be changed."""
    return shutil.copytree(MINI_BANK, tmp_path / "bank")


@pytest.fixture
def served(bank: Path, tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, f"sqlite:///{tmp_path}/classroom.db", sandbox=strongest_sandbox(), bank=bank).start()
    yield served
    assert served.stop() == 0
    assert '"status": 500' not in served.log.read_text()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where the screenshots stay: KIT_SHOTS, if it is given."""
    folder = Path(os.environ.get("KIT_SHOTS") or tmp_path / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Somebody:
    """A person at a browser of their own. What the browser complains of is a fault."""

    def __init__(self, chromium: Browser, served: Served, shots: Path, *, scripts: bool) -> None:
        self._shots, self.scripts = shots, scripts
        self._context = chromium.new_context(
            base_url=served.address, java_script_enabled=scripts, locale="en-GB", timezone_id="Asia/Shanghai", viewport={"width": 1180, "height": 800}
        )
        self._context.set_default_timeout(1000 * PATIENCE)
        self.complaints: list[str] = []
        self.page: Page = self._context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def look(self, name: str) -> None:
        """Keep pictures of the page, and look for what keeps people out; light and dark."""
        for scheme in ("light", "dark") if self.scripts else ("light",):
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=self._shots / f"{name}{'' if self.scripts else '-plain'}-{scheme}.png", full_page=True)
            if self.scripts:
                found = Axe().run(self.page).response["violations"]
                grave = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found if each["impact"] in GRAVE]
                assert grave == [], f"{name}, {scheme}: {grave}"
        self.page.emulate_media(color_scheme="light")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("link", name=name, exact=True).click()

    def row(self, whose: str) -> Locator:
        """Of a table that is open."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=whose))

    @property
    def verdict(self) -> Locator:
        """On the page of a submission."""
        return self.page.get_by_role("region", name="Verdict")

    def see(self, place: Locator, text: str) -> None:
        """What comes to the page that is open, or with the next look."""
        if not self.scripts:
            self.page.reload()
        expect(place).to_contain_text(text)

    def without_reload(self) -> WithoutReload:
        """What happens within comes to the page that is open."""
        return WithoutReload(self)

    def join(self, code: str, name: str) -> str:
        """Come in as a student; one's pseudonym."""
        self.page.goto("/join")
        self.look("join")
        self.page.get_by_label("Join code").fill(code)
        self.page.get_by_label("Your name").fill(name)
        self.press("Join")
        said = self.page.get_by_role("status").inner_text()
        return re.search(r"you are called (\S+)\.", said)[1]

    def hand_in(self, source: str, *, pasted: bool = False) -> None:
        """For Week 1."""
        self.page.goto("/")
        self.follow("Week 1")
        self.follow("Double")
        if pasted:
            self.page.get_by_label("Or paste it here").fill(source)
        else:
            self.page.get_by_label("Your file").set_input_files({"name": "double.py", "mimeType": "text/x-python", "buffer": source.encode()})
        self.press("Hand in")
        self.page.wait_for_url("**/submissions/*")

    def close(self) -> None:
        self._context.close()
        assert self.complaints == []


class WithoutReload:
    """Marks a page, and finds the mark again. Where no script runs a page comes anew by itself."""

    def __init__(self, somebody: Somebody) -> None:
        self._page, self._scripts = somebody.page, somebody.scripts

    def __enter__(self) -> None:
        if self._scripts:
            self._page.evaluate("document.body.dataset.mark = 'the same page'")

    def __exit__(self, kind: object, *_raised: object) -> None:
        if self._scripts and kind is None:
            assert self._page.evaluate("document.body.dataset.mark") == "the same page"


def an_assignment_is_made(teacher: Somebody, link: str) -> None:
    teacher.page.goto(link)
    teacher.look("sign-in")
    teacher.press("Sign in to Deep learning")
    teacher.follow("Desk")
    teacher.look("desk-empty")
    teacher.follow("New assignment")
    teacher.page.get_by_label("Title").fill("Week 1")
    teacher.page.get_by_label("Short name").fill("week-1")
    teacher.page.get_by_role("checkbox", name="Double").check()
    teacher.look("desk-assignment")
    teacher.press("Make it")
    expect(teacher.page.get_by_role("status")).to_have_text("Week 1 is made.")
    teacher.look("desk-assignments")


def a_wrong_answer_comes_in(ada: Somebody) -> None:
    ada.hand_in(SQUARED)
    with ada.without_reload():
        expect(ada.verdict).to_contain_text("Not passed")
    expect(ada.verdict).to_contain_text("You squared x. Twice x is x + x.")
    ada.look("submission-wrong")


def another_looks_at_the_board(cleo: Somebody, called: str) -> None:
    cleo.hand_in(DETACHED, pasted=True)
    expect(cleo.verdict).to_contain_text("No gradient reaches x")
    cleo.page.goto("/boards/assignment/week-1")
    expect(cleo.row(called)).to_contain_text("✗ 0")
    cleo.look("board")


def a_right_answer_moves_the_board(ada: Somebody, cleo: Somebody, called: str) -> None:
    with cleo.without_reload():
        ada.hand_in(RIGHT)
        with ada.without_reload():
            expect(ada.verdict).to_contain_text("3 of 3 checks passed")
        ada.look("submission-right")
        cleo.see(cleo.row(called), "✓ 10 ★")
    cleo.look("board-moved")
    ada.page.goto("/exercises/double")
    ada.look("exercise")


def the_teacher_looks_at_a_cell(teacher: Somebody) -> None:
    teacher.page.goto("/desk/gradebook?assignment=week-1")
    teacher.look("desk-gradebook")
    solvers = teacher.row("Solved by").get_by_role("link")
    expect(solvers).to_have_css("text-decoration-line", "underline")
    assert solvers.evaluate("(link) => getComputedStyle(link).color !== getComputedStyle(link.closest('td')).color")
    teacher.row(CLEO).get_by_role("link", name="✗ 0").click()
    expect(teacher.page.locator("#source")).to_contain_text("return 2 * x.detach()")
    teacher.look("desk-submission")


def a_regrade_is_looked_at_and_applied(teacher: Somebody, cleo: Somebody, checks: Path, called: str) -> None:
    """The check of the gradient is taken out of the bank."""
    checks.write_text(checks.read_text().partition('@pytest.mark.after("test_values")')[0])
    teacher.follow("Regrades", teacher.page.get_by_role("navigation", name="Desk"))
    teacher.look("desk-regrades")
    teacher.press("Judge Double again")
    teacher.page.wait_for_url("**/desk/regrades/*")
    with teacher.without_reload():
        expect(teacher.page.locator("#regrade")).to_contain_text("to be looked at")
    expect(teacher.row(CLEO)).to_contain_text("0 → 10")
    teacher.look("desk-regrade-preview")
    with cleo.without_reload():
        teacher.press("Let the new verdicts count")
        teacher.look("desk-regrade-applied")
        cleo.see(cleo.row(called), "✓ 10")
    teacher.page.goto("/desk/gradebook?assignment=week-1")
    expect(teacher.row(CLEO)).to_contain_text("✓ 10")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_class(chromium, served, bank, shots, scripts):
    teacher, ada, cleo = people = [Somebody(chromium, served, shots, scripts=scripts) for _ in range(3)]
    an_assignment_is_made(teacher, served.link)
    ada_called = ada.join(served.code, "Ada Lovelace")
    a_wrong_answer_comes_in(ada)
    cleo_called = cleo.join(served.code, CLEO)
    another_looks_at_the_board(cleo, ada_called)
    a_right_answer_moves_the_board(ada, cleo, ada_called)
    the_teacher_looks_at_a_cell(teacher)
    a_regrade_is_looked_at_and_applied(teacher, cleo, bank / "grader" / "checks" / "warm-up" / "test_double.py", cleo_called)
    for person in people:
        person.close()


def test_what_is_unfolded_stays_so_when_the_board_moves(chromium, served, shots):
    ada, bob, cleo = people = [Somebody(chromium, served, shots, scripts=True) for _ in range(3)]
    ada.join(served.code, "Ada Lovelace")
    bob.join(served.code, "Bob")
    ada.page.goto("/boards")
    ada.page.get_by_text("and 1 other without a submission").click()
    with ada.without_reload():
        cleo.join(served.code, CLEO)
        expect(ada.page.locator("#idle")).to_contain_text("and 2 others without a submission")
    expect(ada.page.locator("#idle")).to_have_attribute("open", "")
    ada.look("board-unfolded")
    for person in people:
        person.close()


SENT_TWICE = """() => {
    const stopped = [];
    document.addEventListener("submit", (event) => { stopped.push(event.defaultPrevented); event.preventDefault(); });
    const form = document.querySelector("main form");
    form.requestSubmit();
    form.requestSubmit();
    return stopped;
}"""


def test_a_second_click_sends_a_form_no_second_time(chromium, served, shots):
    ada = Somebody(chromium, served, shots, scripts=True)
    ada.page.goto("/join")
    ada.page.get_by_label("Join code").fill(served.code)
    ada.page.get_by_label("Your name").fill("Ada Lovelace")
    assert ada.page.evaluate(SENT_TWICE) == [False, True]
    ada.close()
