"""The documents of /api/v1 against their own description: whatever schemathesis makes up, the answer is one that was promised."""

import socket
import threading
import warnings
from collections.abc import Iterator

import pytest
import uvicorn
from house import RIGHT, House
from hypothesis import HealthCheck, given, settings

from kit.bank import Bank
from kit.classroom import assignments, submissions
from kit.classroom.app import create_app
from kit.classroom.assignments import Rules
from kit.classroom.limits import Limits

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # schemathesis tells of its own libraries
    import schemathesis
    from schemathesis.specs.openapi.checks import negative_data_rejection

EXAMPLES = 5  # of each operation and mode


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, bank: Bank, clock) -> Iterator[tuple[str, dict, dict[str, str]]]:
    """A classroom that listens, with something in it: its address, its document and the header of a student."""
    house = House(request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store"), bank, clock)
    with house.room.store.writing() as session:
        assignments.create(session, bank.by_slug, "week-1", Rules(title="Week 1", exercises=(("double", 1.0),)), clock())
    token = house.token("Ada", section="Lab A")
    for number in range(3):
        submissions.submit(house.room, 1, "double", f"# {number}\n{RIGHT}")
    house.grade()
    limits = Limits(clock, **dict.fromkeys(("entries", "codes", "numbers", "links", "submissions"), "1000000/minute"))
    app = create_app(house.room, house.judge, house.hub, limits=limits)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app.openapi(), token
        server.should_exit = True
        serving.join()


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
def test_nothing_that_is_asked_breaks_a_promise(served, mode):
    address, document, token = served
    tried: list[str] = []
    for operation in schemathesis.openapi.from_dict(document).get_all_operations():
        made = operation.ok()
        if mode is schemathesis.GenerationMode.NEGATIVE and made.label == "GET /api/v1/boards/overall":
            continue  # it has no parameters and needs no token: nothing that is asked of it is wrong

        @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(made.as_strategy(generation_mode=mode))
        def ask(case) -> None:
            headers = {"Authorization": "Bearer gone"} if case.path == "/api/v1/leave" else token
            answer = case.call(base_url=address, headers=headers, timeout=40)
            case.validate_response(answer, excluded_checks=[negative_data_rejection])  # the token that it left out is put in again here

        ask()
        tried.append(made.label)
    assert len(tried) >= 10
