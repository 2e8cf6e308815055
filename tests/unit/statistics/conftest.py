from pathlib import Path

import pytest

from tests.unit.statistics.frames import Country


@pytest.fixture
def country(tmp_path: Path) -> Country:
    """An empty country: nothing reported, nothing expected."""
    return Country(tmp_path)
