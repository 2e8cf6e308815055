"""A look at a sample file: what it is, what its columns mean, and a definition that would read it.

Nothing here is used when deliveries are read: what a definition declares is not guessed. It is for the person who
writes a definition.

    bytes → encoding and format → tables → headings, dates, numbers, words → fields → a proposal → YAML
"""

from include.sources.looking.given import Given
from include.sources.looking.names import FileName, read_name
from include.sources.looking.proposal import Proposal, propose
from include.sources.looking.sample import Sample, take
from include.sources.looking.table import Decision
from include.sources.looking.transports import KINDS
from include.sources.looking.writing import to_yaml

__all__ = [
    "KINDS",
    "Decision",
    "FileName",
    "Given",
    "Proposal",
    "Sample",
    "propose",
    "read_name",
    "take",
    "to_yaml",
]
