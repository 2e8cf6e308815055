"""Which channel an identifier names (B1, B6): knowledge in `data_contracts/codelists/channels/`, and how it is applied.

The address decides. What platforms there are, what the words of their paths mean, which hosts many people share and how
numeric ids are written is data; this package reads text into an address, asks those lists, and says the channel's key.
Rows of the usual forms are answered by SQL alone (`expressions`), every other one by `reading`, with the same answer.
"""

from include.channels.cells import may_be_several, parts_of
from include.channels.expressions import register_channels, with_channels, with_parent
from include.channels.reading import Seen, channel_of, seen_in

__all__ = [
    "Seen",
    "channel_of",
    "may_be_several",
    "parts_of",
    "register_channels",
    "seen_in",
    "with_channels",
    "with_parent",
]
