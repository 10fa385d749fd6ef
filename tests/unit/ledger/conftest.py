"""What tests of the ledger do to either database without the ledger's own ways."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url

from m365_restrict.ledger.postgresql import is_postgresql, postgresql_engine

ByHand: TypeAlias = Callable[..., None]
Older: TypeAlias = Callable[..., None]


def engine_of(url: str) -> Engine:
    parsed = make_url(url)
    return postgresql_engine(parsed) if is_postgresql(parsed) else create_engine(parsed)


@pytest.fixture
def by_hand() -> ByHand:
    """Runs statements as somebody does who has the database: `by_hand(url, *statements)`."""

    def _run(url: str, *statements: str) -> None:
        engine = engine_of(url)
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    return _run


@pytest.fixture
def older_ledger(by_hand: ByHand) -> Older:
    """Makes a ledger as an older version made it: `older_ledger(url, revision, *statements)`."""

    def _make(url: str, revision: str, *statements: str) -> None:
        config = Config()
        config.set_main_option("script_location", "m365_restrict.ledger:migrations")
        engine = engine_of(url)
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        engine.dispose()
        by_hand(url, *statements)

    return _make
