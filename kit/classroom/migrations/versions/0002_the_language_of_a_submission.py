"""The language that somebody spoke when they handed in."""

# ruff: noqa: INP001  # loaded by its path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forwards. In place: SQLite would copy the whole table in a batch."""
    op.add_column("submissions", sa.Column("lang", sa.String(length=10), nullable=True))
