"""Alembic's entry: runs the migrations on the connection that it is handed (see handover/history/database.py)."""

from alembic import context

from handover.history.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
