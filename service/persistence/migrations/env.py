"""What alembic runs: on the connection `service.persistence.migrate` hands over, or on the configured database."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import service.persistence.tables  # noqa: F401  (registers every table)
from service.config import Settings
from service.persistence.engine import make_engine


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        # SQLite cannot alter a table: it is rebuilt. It does run DDL inside a transaction, whatever alembic assumes.
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(Settings()).begin() as own:
        run(own)
