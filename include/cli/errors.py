"""Exit codes, and the one line that a person reads when something goes wrong."""

from __future__ import annotations

import typer

REFUSED, WRONG, UNEXPECTED, INTERRUPTED = 1, 2, 3, 130


class WrongUsage(ValueError):
    """What was asked for does not exist or is not complete; the message says what to give."""


def passes_through(error: Exception) -> bool:
    """Whether typer has its own way with it: a chosen exit, a declined question, an option that is wrong."""
    return isinstance(error, typer.Exit | typer.Abort | typer.TyperException)


def told(error: Exception) -> tuple[int, str]:
    """Exit code and message of an error.

    An expected error speaks for itself. Of an unexpected one the words are not repeated, since they may quote a
    row (B9): its kind and place are, and for the file system and the database what they said.
    """
    from include.contracts import ContractError
    from include.ledger import LedgerError, NotFound
    from include.publish import IncompleteCard, RecipientsError, ReleaseRefused
    from include.publish.smtp import MailSetupError
    from include.publish.texts import TextsError
    from include.sources import DefinitionError, DeploymentError, SourceError
    from include.statistics.rules import RulesError
    from include.steps.budget import raised_at
    from include.steps.deliveries import NoSuchDelivery
    from include.steps.release import ReleaseError
    from include.steps.summaries import SummariesError
    from include.storage.publish import Busy, PublishError

    wrong = (WrongUsage, ContractError, DefinitionError, DeploymentError, RecipientsError, MailSetupError)
    if isinstance(error, (*wrong, RulesError, TextsError, NotFound, NoSuchDelivery)):
        return WRONG, f"error: {error}"
    refused = (SourceError, LedgerError, ReleaseRefused, IncompleteCard, ReleaseError)
    if isinstance(error, (*refused, SummariesError, PublishError, Busy)):
        return REFUSED, f"error: {error}"
    return (
        UNEXPECTED,
        f"unexpected failure: {_kind(error)} at {raised_at(error)}; --debug shows the traceback",
    )


def _kind(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    said_by_database = getattr(error, "orig", None)
    if said_by_database:
        return f"{type(error).__name__} ({str(said_by_database).splitlines()[0]})"
    return type(error).__name__
