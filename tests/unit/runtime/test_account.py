import os
import pwd
from pathlib import Path

import pytest

from include.runtime import account

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize("kept", ["4294967295", "", "none"])
def test_without_a_login_the_account_of_the_process_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    (tmp_path / "loginuid").write_text(kept, encoding="ascii")
    monkeypatch.setattr(account, "LOGIN", tmp_path / "loginuid")
    assert account.account() == ME


def test_the_account_that_logged_in_stays_with_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loginuid").write_text("987654", encoding="ascii")
    monkeypatch.setattr(account, "LOGIN", tmp_path / "loginuid")
    assert account.account() == "uid 987654"


def test_no_variable_of_the_environment_says_who_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody")
    monkeypatch.setattr(account, "LOGIN", tmp_path / "none")
    assert account.account() == ME
