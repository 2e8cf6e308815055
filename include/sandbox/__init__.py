"""A simulated country: twenty regional sources whose reports, errors and true figures are all known.

Everything here is synthetic. The demo and the tests use it; nothing else imports it.
"""

from include.sandbox.broken import Broken, broken_deliveries
from include.sandbox.making import make, simulate

__all__ = ["Broken", "broken_deliveries", "make", "simulate"]
