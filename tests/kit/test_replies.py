"""What the client reads of an answer is what the server says there: field by field."""

import msgspec
import pytest
from pydantic import BaseModel

from kit import replies
from kit.classroom import documents

PAIRS = [
    (replies.Me, documents.Me),
    (replies.Joined, documents.Joined),
    (replies.Link, documents.Link),
    (replies.Receipt, documents.Receipt),
    (replies.Submission, documents.SubmissionView),
    (replies.Board, documents.BoardView),
    (replies.Row, documents.BoardRow),
    (replies.Cell, documents.BoardCell),
    (replies.Worth, documents.BoardExercise),
    (replies.Own, documents.OwnRow),
    (replies.Standing, documents.Standing),
]


@pytest.mark.parametrize(("read", "said"), PAIRS)
def test_everything_that_is_read_is_said(read: type[msgspec.Struct], said: type[BaseModel]):
    needed = {field.name for field in msgspec.structs.fields(read)}
    assert needed <= set(said.model_fields)


def test_every_reply_has_its_document():
    assert {read.__name__ for read, _said in PAIRS} == set(replies.__all__)
