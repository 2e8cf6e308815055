"""The faults by name: every one that a source has been seen to have stands in one of the two tables."""

from __future__ import annotations

import pytest

from tests.faults import http, sftp

HTTP, SFTP = ([fault.name for fault in faults] for faults in (http.FAULTS, sftp.FAULTS))


def test_no_name_stands_for_two_faults() -> None:
    assert len({*HTTP, *SFTP}) == len(HTTP) + len(SFTP) >= 130


@pytest.mark.parametrize(
    "names",
    [
        {"truncated with length", "truncated without length", "slow drip of the body", "reset in the middle"},
        {"endless pages", "repeated cursor", "length too long", "length too short", "wrong type"},
        {"HTML instead of JSON", "half a JSON", "gzip bomb by size", "redirect to a private address", "429 without end"},
    ],
)  # fmt: skip
def test_the_usual_faults_of_http_are_among_them(names: set[str]) -> None:
    assert names <= set(HTTP)


def test_the_usual_faults_of_sftp_are_among_them() -> None:
    assert {
        "host key changed", "file growing while read", "permission lost in the middle of a file",
        "file truncated while read", "line reset in the middle", "slow drip of the line", "read without end",
    } <= set(SFTP)  # fmt: skip


@pytest.mark.parametrize("table", [http.FAULTS, sftp.FAULTS], ids=["HTTP", "SFTP"])
def test_each_table_holds_faults_that_a_later_try_may_mend_that_it_may_not_and_that_took_too_long(
    table: list[http.Fault] | list[sftp.Fault],
) -> None:
    kinds = {fault.error.__name__ for fault in table if fault.error}
    assert {"SourceError", "RetryableSourceError", "DeadlineExceeded"} <= kinds
