"""`python -m include.ledger [URL]`: bring a ledger database to the newest schema."""

import os
import sys

from include.ledger import Ledger
from include.ledger.migrate import revision


def main() -> None:
    """Migrate the database that the argument, else ODCM_LEDGER_URL, names."""
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ODCM_LEDGER_URL")
    if not url:
        sys.exit("which ledger? Give its URL, or set ODCM_LEDGER_URL (sqlite:///path or postgresql://...)")
    with Ledger(url) as ledger:
        ledger.migrate()
        print(f"the ledger is at revision {revision(ledger.engine)}")


if __name__ == "__main__":
    main()
