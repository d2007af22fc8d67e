"""`gambrel db dump`, `load`, `backup` and `seed`: data out of databases and into them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gambrel.cli.databases.found import database_of
from gambrel.cli.target import file_of, split_target

__all__ = ["backup", "dump", "load", "seed"]

_DATABASE = click.option("--database", default="", metavar="NAME", help="One of several.")
_FILE = click.Path(path_type=Path, dir_okay=False)


def about(function: Callable[..., Any]) -> Any:
    """Give a command its TARGET and its FILE, and `--database` for apps that have several."""
    file = click.argument("file", type=_FILE)
    return click.argument("target")(file(_DATABASE(function)))


@click.command("dump")
@about
@click.option("--anonymous", "hides", is_flag=True, help="Replace what is marked as personal.")
def dump(target: str, file: Path, database: str, hides: bool) -> None:
    """Write all rows of the tables of TARGET into FILE, lines of JSON; a zip if it ends in .zip.

    They are those of one moment, though an app may write meanwhile. Any database takes them.
    """
    from gambrel.db.transfer.anonymous import anonymous
    from gambrel.db.transfer.dumping import dump as write
    from gambrel.db.transfer.opening import address_of, connected

    found = database_of(target, database)
    change = anonymous(found.metadata) if hides else None
    with connected(address_of(found), writes=False) as connection:
        counts = write(connection, found.metadata, file, change)
    click.echo(f"{file}: {sum(counts.values())} rows of {len(counts)} tables")


@click.command("load")
@about
@click.option("--create", is_flag=True, help="Make tables that are missing.")
@click.option("--replace", is_flag=True, help="Remove rows that are there.")
def load(target: str, file: Path, database: str, create: bool, replace: bool) -> None:
    """Put the rows of FILE into the tables of TARGET: all of them, or none.

    They are read again and compared with the file before anybody else sees them.
    """
    from gambrel.db.transfer.loading import load as read
    from gambrel.db.transfer.opening import address_of, connected

    found = database_of(target, database)
    with connected(address_of(found), writes=True) as connection:
        if create:
            found.metadata.create_all(connection)
        counts = read(connection, found.metadata, file, replace=replace)
    click.echo(f"{sum(counts.values())} rows of {len(counts)} tables, each as in {file}")


@click.command("backup")
@about
def backup(target: str, file: Path, database: str) -> None:
    """Copy the SQLite database of TARGET into FILE, while apps write to it."""
    from gambrel.db.transfer.backups import backup as copy
    from gambrel.db.transfer.opening import address_of

    size = copy(address_of(database_of(target, database)), file)
    click.echo(f"{file}: {size} bytes")


@click.command("seed")
@click.argument("target", default="app.py")
@click.argument("names", nargs=-1)
@click.option("--folder", type=click.Path(path_type=Path), help="Of seeds: seeds beside the app.")
@click.option("--create", is_flag=True, help="Make tables that are missing.")
@_DATABASE
def seed(
    target: str, names: tuple[str, ...], folder: Path | None, create: bool, database: str
) -> None:
    """See that the rows of seeds are in the database of TARGET (app.py); all seeds, or NAMES.

    A row is found by its natural key, and made or changed: planting again changes nothing.
    """
    from gambrel.db.sessions import SyncSession
    from gambrel.db.transfer.dumping import see_tables
    from gambrel.db.transfer.opening import address_of, connected
    from gambrel.db.transfer.seeds import plant, seeds_in

    found = database_of(target, database)
    beside = file_of(split_target(target)[0])
    files = seeds_in(folder or (beside.parent if beside else Path()) / "seeds", names)
    with connected(address_of(found), writes=True) as connection:
        if create:
            found.metadata.create_all(connection)
        see_tables(connection, found.metadata.tables.values())
        with SyncSession(connection, join_transaction_mode="create_savepoint") as session:
            for file in files:
                plant(session, found.metadata, file)
                click.echo(f"{file}: planted")
            session.commit()
