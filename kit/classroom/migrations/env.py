"""Alembic runs the steps on the connection that kit.classroom.database gives it."""

# loaded by its path

from alembic import context

from kit.classroom.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
