"""`odcm sandbox`: the simulated country. All of it is synthetic."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from include.cli.errors import WrongUsage
from include.cli.output import Format, FormatOption, say, show, table, working
from include.storage.home import Home

app = typer.Typer(help="The simulated country (synthetic data).", no_args_is_help=True)
FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Folder of the sandbox; ODCM_HOME/sandbox by default.")
]


@app.command("make")
def make(
    folder: FolderOption = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 2025,
    form: FormatOption = Format.table,
) -> None:
    """Write what the simulated sources hand over, with the true figures beside it."""
    from include.sandbox import make as make_sandbox

    place = _folder(folder)
    with working(f"simulating a country in {place}"):
        made = make_sandbox(place, seed)
    data = {"folder": str(place), "seed": seed, "synthetic": True, **made}
    show(data, table(f"Synthetic data in {place}", ("", ">"), list(made.items())), form)


@app.command("serve")
def serve(
    folder: FolderOption = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of the JSON API; 0 is any free one.")
    ] = 8100,
    smtp_port: Annotated[
        int, typer.Option("--smtp-port", min=0, max=65535, help="Of the mail server; 0 is any free one.")
    ] = 8025,
    mailbox: Annotated[
        Path | None,
        typer.Option("--mailbox", help="Where mail is kept; the sandbox's mailbox folder by default."),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Serve the simulated sources' JSON API and a mail server on localhost until Ctrl-C.

    Prints the environment variables that the other commands need.
    """
    import uvicorn

    from include.sandbox.http import DEFAULT_TOKEN, application, connection
    from include.sandbox.smtp import server as mail_server

    place = _folder(folder)
    if not (place / "api").is_dir():
        raise WrongUsage(f"no sandbox in {place}: make one with odcm sandbox make")
    token = os.environ.get("ODCM_API_TOKEN") or DEFAULT_TOKEN
    kept = (mailbox or place / "mailbox").absolute()
    listening = _listening(port)
    post = mail_server(kept, smtp_port or _free_port())
    _started(post.start, post.port)
    try:
        _print_environment(
            {
                "ODCM_HOME": str(Home.from_environment().root),
                "ODCM_INBOX": str(place / "inbox"),
                "ODCM_API": f"http://127.0.0.1:{listening.getsockname()[1]}",
                "AIRFLOW_CONN_SANDBOX_API": connection(token),
                "ODCM_SMTP": f"smtp://127.0.0.1:{post.port}",
            },
            form,
        )
        say(f"serving synthetic data from {place}; mail goes to {kept}; Ctrl-C ends it")
        signal.signal(signal.SIGTERM, _stop)
        config = uvicorn.Config(application(place, token), log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        say("stopped")
    finally:
        post.stop()
        listening.close()


def _folder(given: Path | None) -> Path:
    return (given or Home.from_environment().root / "sandbox").absolute()


def _print_environment(variables: dict[str, str], form: Format) -> None:
    if form is Format.json:
        show(variables, table("", (), []), form)
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _listening(port: int) -> socket.socket:
    return _started(lambda: socket.create_server(("127.0.0.1", port)), port)


def _started(start: Callable[[], Any], port: int) -> Any:
    try:
        return start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise WrongUsage(f"port {port} is taken: name another one (--port, --smtp-port)") from error


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _stop(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt
