"""The API does what its OpenAPI document says, whatever is sent: no failure of its own, only the documented statuses, in the documented form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from house import RIGHT, WRONG, House
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import Case, GenerationMode
from schemathesis.python.asgi import shutdown_lifespans

from kit.classroom import assignments
from kit.classroom.assignments import Rules
from kit.classroom.submissions import submit

ADA = 1
BOARDS = [{"kind": "assignment", "name": "week-1"}, {"kind": "exercise", "name": "double"}, {"kind": "section", "name": "A"}]
NOT_HERE = {"GET /api/v1/boards/speed/{exercise}"}  # no exercise of the mini bank has one
ALWAYS_RIGHT = {"GET /api/v1/boards/overall"}  # it has no parameters and needs no token
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
SAME_EACH_TIME = settings(
    max_examples=10, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def house(store, bank, clock) -> Iterator[House]:
    """A class with an assignment. Its server was told to stop: it keeps nobody waiting for a verdict."""
    served = House(store, bank, clock)
    with served.room.store.writing() as session:
        assignments.create(session, bank.by_slug, "week-1", Rules(title="Week 1", exercises=(("double", 2.0),)), clock())
    served.hub.close()
    yield served
    shutdown_lifespans()


class Asking:
    """A student who asks what the document says can be asked, and looks whether the answer is as documented."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", house.app)
        self.schema.config.generation.allow_extra_parameters = False  # they are ignored, as everywhere on the web
        checks = self.schema.config.checks
        checks.negative_data_rejection.expected_statuses = [*checks.negative_data_rejection.expected_statuses, "413"]
        checks.positive_data_acceptance.enabled = False  # what has the right form may still say nothing that is true: see answer
        checks.missing_required_header.enabled = False  # where two things are wrong, either may be told
        self.operations = [found.ok() for found in self.schema.get_all_operations()]
        self.answers: Counter[tuple[str, int]] = Counter()
        self.ada = house.token("Ada", section="A")
        self.known = {
            "number": [submit(house.room, ADA, "double", source, assignment="week-1").submission_id for source in (WRONG, RIGHT)],
            "board": ["overall", "assignment/week-1", "exercise/double", "section/A"],
            "exercise": ["double"],
            "assignment": [None, "", "week-1"],
            "source": [RIGHT, WRONG],
            "code": [house.code],
            "student_id": [None],
        }
        house.grade()

    def answer(self, case: Case) -> None:
        """Raises what is not as documented."""
        self.house.clock.forward(minutes=1)  # nobody asks too often
        headers = self.house.token("Somebody") if case.operation.path.endswith("/leave") else self.ada
        response = case.call(headers=headers)
        self.answers[case.operation.label, response.status_code] += 1
        case.validate_response(response, headers=headers)
        if case.meta.generation.mode is POSITIVE and response.status_code >= 400:
            assert response.json()["error"]["code"] not in {"invalid", "failed"}, response.text  # what has the right form is refused for what it says

    def know(self, case: Case, draw: Callable[[Any], Any]) -> None:
        """Let it ask after what is there."""
        if "kind" in case.path_parameters:
            case.path_parameters = draw(strategies.sampled_from(BOARDS))
        for values in (case.path_parameters, case.query, case.body):
            if isinstance(values, dict):
                values.update({name: draw(strategies.sampled_from(self.known[name])) for name in values if name in self.known})


@pytest.fixture
def asking(house) -> Asking:
    return Asking(house)


def test_what_has_the_right_form(asking):
    for operation in asking.operations:

        @SAME_EACH_TIME
        @given(operation.as_strategy(generation_mode=POSITIVE), strategies.data())
        def ask(case: Case, data: Any) -> None:
            if data.draw(strategies.booleans()):
                asking.know(case, data.draw)
            asking.answer(case)

        ask()
    granted = {label for label, status in asking.answers if status < 300}
    assert granted == {operation.label for operation in asking.operations} - NOT_HERE
    assert {status for _label, status in asking.answers} >= {200, 201, 204, 403, 404, 422}


def test_what_has_not(asking):
    for operation in asking.operations:
        if operation.label in ALWAYS_RIGHT:
            continue

        @SAME_EACH_TIME
        @given(operation.as_strategy(generation_mode=NEGATIVE))
        def ask(case: Case) -> None:
            asking.answer(case)

        ask()
    assert {status for _label, status in asking.answers} >= {400, 401, 404, 422}


@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
def test_every_border_and_every_other_method(asking, mode):
    schema = asking.schema
    for operation in asking.operations:
        for case in schema.iter_coverage_cases(operation, generation_modes=[mode], generation_config=schema.config.generation):
            asking.answer(case)
