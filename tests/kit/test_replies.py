"""What the client reads of an answer is what the server says there: field by field."""

import msgspec
import pytest
from pydantic import BaseModel

from kit import replies
from kit.classroom import messages

PAIRS = [
    (replies.Me, messages.Me),
    (replies.Joined, messages.Joined),
    (replies.Link, messages.Link),
    (replies.Assignment, messages.AssignmentView),
    (replies.Receipt, messages.Receipt),
    (replies.Submission, messages.SubmissionView),
    (replies.Board, messages.BoardView),
    (replies.Row, messages.BoardRow),
    (replies.Cell, messages.BoardCell),
    (replies.Worth, messages.BoardExercise),
    (replies.SpeedRow, messages.SpeedRowView),
    (replies.SpeedBoard, messages.SpeedBoardView),
    (replies.Own, messages.OwnRow),
    (replies.Standing, messages.Standing),
]


@pytest.mark.parametrize(("read", "said"), PAIRS)
def test_everything_that_is_read_is_said(read: type[msgspec.Struct], said: type[BaseModel]):
    needed = {field.name for field in msgspec.structs.fields(read)}
    assert needed <= set(said.model_fields)


def test_every_reply_has_its_document():
    assert {read.__name__ for read, _said in PAIRS} == set(replies.__all__)
