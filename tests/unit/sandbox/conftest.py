from pathlib import Path
from typing import Any

import pytest

from include.sandbox import simulate
from include.sandbox.making import planted
from include.sandbox.reports import Delivery
from include.sandbox.truth import truth


@pytest.fixture(scope="session")
def deliveries() -> list[Delivery]:
    return simulate()


@pytest.fixture(scope="session")
def true(deliveries: list[Delivery]) -> dict[str, Any]:
    return truth(deliveries)


@pytest.fixture(scope="session")
def entries(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    return planted(deliveries)


@pytest.fixture(scope="session")
def folder(sandbox_folder: Path) -> Path:
    return sandbox_folder
