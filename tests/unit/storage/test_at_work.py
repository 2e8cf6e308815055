"""One ingest of a home at a time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.storage.at_work import ingesting
from include.storage.home import Home
from include.storage.publish import Busy

BEGAN = datetime(2026, 1, 20, tzinfo=UTC)
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from include.storage.at_work import ingesting
from include.storage.home import Home
with ingesting(Home(Path(sys.argv[1])), datetime(2026, 1, 20, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_says_who_is_at_work_and_a_killed_holder_frees_the_home(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        expected = f"process {holder.pid}, since 2026-01-20T00:00:00"
        with pytest.raises(Busy, match=expected), ingesting(Home(tmp_path), BEGAN):
            pass
        holder.kill()
    with ingesting(Home(tmp_path), BEGAN):
        pass
