"""`gambrel db inspect` and `gambrel db diagram`: models of a database, and a picture of models."""

from pathlib import Path

import click

from gambrel import GambrelError
from gambrel.cli.databases.found import database_of

__all__ = ["diagram", "inspect"]


@click.command("inspect")
@click.argument("url")
@click.option("--schema", "schemas", multiple=True, metavar="NAME", help="Of several, each.")
@click.option("--output", type=click.Path(path_type=Path), help="A file, in place of the screen.")
@click.option("--width", default=100, show_default=True, help="Of a line, in characters.")
def inspect(url: str, schemas: tuple[str, ...], output: Path | None, width: int) -> None:
    """Write models of the tables and views of a database: `gambrel db inspect sqlite:///shop.db`.

    URL is as in Database(...). Without --schema it is the schema that a connection begins in,
    with the tables of others that it refers to.
    """
    from gambrel.db.inspection.reading import inspect_url
    from gambrel.db.inspection.writing import write_models

    if output is not None and not output.parent.is_dir():
        hint = f"mkdir -p {output.parent}"
        raise GambrelError("db.no-folder", f"there is no folder {output.parent}", "--output", hint)
    found = inspect_url(url, schemas)
    text = write_models(found, width=width)
    if output is None:
        click.echo(text, nl=False)
        return
    if output.exists():
        hint = "name another file, or remove this one"
        raise GambrelError("db.file-exists", f"{output} is there already", "--output", hint)
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {len(found.tables)} tables, {len(found.views)} views")


@click.command("diagram")
@click.argument("target", default="app.py")
@click.option("--database", default="", metavar="NAME", help="One of several.")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid")
def diagram(target: str, database: str, form: str) -> None:
    """Draw the tables of TARGET (app.py) and what refers to what, as text for a drawing program.

    Mermaid is drawn by many pages for Markdown; dot by Graphviz.
    """
    from gambrel.db.inspection.diagram import to_dot, to_mermaid

    tables = database_of(target, database).metadata.sorted_tables
    click.echo(to_mermaid(tables) if form == "mermaid" else to_dot(tables), nl=False)
