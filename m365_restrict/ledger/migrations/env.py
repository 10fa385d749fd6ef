"""How Alembic reaches the ledger: through the connection that `open_ledger` hands over."""

from alembic import context

from m365_restrict.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table only by making a new one
)
with context.begin_transaction():
    context.run_migrations()
