"""Publishing: release tables and their facts → figure cards, checks, the files of a release, the e-mails.

Everything here is a pure function of what it is given, except `smtp`, which delivers a finished message.
"""

from include.publish.cards import FigureCard, IncompleteCard, headline_cards
from include.publish.checks import ReleaseRefused, problems, refuse_if_any
from include.publish.facts import InputBatch, ReleaseFacts
from include.publish.mail import Summary, summaries
from include.publish.package import release_files
from include.publish.recipients import Recipient, Recipients, RecipientsError, read_recipients
from include.publish.regions import regional_cards
from include.publish.tables import ReleaseTables, release_tables

__all__ = [
    "FigureCard",
    "IncompleteCard",
    "InputBatch",
    "Recipient",
    "Recipients",
    "RecipientsError",
    "ReleaseFacts",
    "ReleaseRefused",
    "ReleaseTables",
    "Summary",
    "headline_cards",
    "problems",
    "read_recipients",
    "refuse_if_any",
    "regional_cards",
    "release_files",
    "release_tables",
    "summaries",
]
