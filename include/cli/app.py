"""All commands of `odcm`, their exit codes, and what becomes of an error."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from include.cli import (
    alerts,
    coverage,
    deliveries,
    dictionary,
    figures,
    ingest,
    ledger,
    release,
    sandbox,
    source,
    statistics,
    summaries,
)
from include.cli.errors import INTERRUPTED, passes_through, told
from include.cli.output import patient, say

EXIT_CODES = """
\b
Exit codes:
  0    done, and all is well
  1    done, but something was refused, stopped or differs: a source, a release, a balance
  2    wrong usage, or a definition, contract or setting that cannot be used
  3    unexpected failure
  130  interrupted; running it again goes on where it stopped

\b
Environment:
  ODCM_HOME        folder of all data (./data)
  ODCM_SOURCES     folder of source definitions (those of the sandbox)
  ODCM_INBOX       what ${ODCM_INBOX} stands for in definitions (./data/sandbox/inbox)
  ODCM_DEPLOYMENT  file of what sources may reach, and how much (that of the sandbox)
  ODCM_LEDGER_URL  database of the ledger (an SQLite file in the home folder)
  ODCM_SMTP        mail server for the summaries, smtp://host:port
  ODCM_RECIPIENTS  file of the summaries' recipients

Data goes to standard output (--format json is for scripts), everything else to standard error.
"""


class Commands(TyperGroup):
    """The commands; an error of theirs becomes a line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted; run it again, it goes on where it stopped")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if passes_through(error) or ctx.params.get("debug"):
                raise
            code, message = told(error)
            say(message)
            raise typer.Exit(code) from None


app = typer.Typer(
    name="odcm",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: rich would double the time it takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
for name, group in {
    "source": source.app,
    "ledger": ledger.app,
    "statistics": statistics.app,
    "release": release.app,
    "summaries": summaries.app,
    "alerts": alerts.app,
    "deliveries": deliveries.app,
    "sandbox": sandbox.app,
}.items():
    app.add_typer(group, name=name)
app.command("ingest")(ingest.command)
app.command("coverage")(coverage.command)
app.command("figures")(figures.command)
app.command("dictionary")(dictionary.command)


def _version(asked: bool) -> None:
    if asked:
        from include.steps.context import code_version

        typer.echo(f"odcm {code_version()}")
        raise typer.Exit


@app.callback()
def odcm(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; it may show values of rows.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Regional reports on online drug channels: from what the sources deliver to a published annual release."""


def main() -> None:
    """The console command. A reader that goes away early (`odcm … | head`) is no error."""
    sys.stdout, sys.stderr = patient(sys.stdout), patient(sys.stderr)
    app(prog_name="odcm")
