"""`gambrel run`: serve an app in production mode."""

import asyncio
import socket

import click

from gambrel.cli.target import load_app
from gambrel.server.serve import new_event_loop, serve

__all__ = ["command"]


@click.command("run")
@click.argument("target", default="app.py")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def command(target: str, host: str, port: int) -> None:
    """Serve the app of TARGET (default: app.py) in production mode."""
    app = load_app(target)
    app.build()
    listener = socket.create_server((host, port), backlog=1024, reuse_port=False)
    loop = new_event_loop()
    asyncio.set_event_loop(loop)
    click.echo(f"Gambrel serves {target} at http://{host}:{port}")
    loop.run_until_complete(serve(app, listener))
