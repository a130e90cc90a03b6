"""Alembic's entry: the connection that `desk.store.migrate` opened in, tables of the wanted version out."""

from alembic import context

from desk.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True, transactional_ddl=False
)
context.run_migrations()
