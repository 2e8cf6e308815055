"""Letters: totals only, the recipient's language first, the same for the same release and recipient."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest

from include.contracts import codelist
from include.publish import headline_cards, read_recipients, regional_cards, summaries
from include.publish.recipients import DEFAULT

SENT = datetime(2026, 2, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def letters(sample):
    def make(**changes):
        facts = sample.facts(**changes)
        table = sample.table("mart_headlines", sample.headlines())
        regions = codelist("regions")
        return {
            letter.recipient.region_code: letter
            for letter in summaries(
                facts,
                headline_cards(table, codelist("figures"), sample.sources(), facts),
                regional_cards(
                    sample.marts(),
                    codelist("figures"),
                    regions["code"].to_pylist(),
                    sample.sources(),
                    facts,
                    {},
                    0.9,
                ),
                regions,
                read_recipients(DEFAULT, sample.REGIONS),
            )
        }

    return make


def parsed(letter):
    return email.message_from_bytes(letter.message(SENT).as_bytes(), policy=email.policy.default)


def test_one_letter_for_the_country_and_one_for_each_region(letters, sample):
    assert sorted(letters()) == sorted(["KZ", *sample.REGIONS])


def test_a_letter_is_plain_text_with_html_as_the_alternative(letters):
    mail = parsed(letters()["KZ"])
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Content-Language"] == "kk, ru, en" and mail["Auto-Submitted"] == "auto-generated"


def test_the_language_of_the_recipient_comes_first_and_the_others_below(letters):
    text = letters()["KZ-11"].text
    places = [
        text.index(title) for title in ("Итоги 2025 года", "2025 жылдың қорытындысы", "Results for 2025")
    ]
    assert places == sorted(places)


def test_a_headquarters_gets_its_own_figures_and_no_others(letters):
    text = letters()["KZ-15"].text
    assert "Channels blocked" not in text.split("Results for 2025")[0]
    assert "Online channels blocked: 300 (2024: 270; +30; +11.1%)" in text
    assert "Drugs seized, kg: 439" in text and "Illegal laboratories closed: 1 " in text
    assert "Coverage: 12\u202f/\u202f12" in text and "20,993" not in text


def test_what_a_region_did_not_report_is_a_colon_and_said_in_words(letters, sample):
    silent, nothing = letters()[sample.SILENT], letters()[sample.NOTHING]
    assert "Online channels blocked: : (not reported)" in silent.text
    assert "Online channels blocked: 0 (2024: 180; −180; −100.0%)" in nothing.text
    assert 'title="not reported"' in silent.html and 'title="not reported"' not in nothing.html


def test_a_synthetic_letter_says_so_in_subject_text_html_and_header(letters):
    for letter in letters().values():
        mail = parsed(letter)
        assert "SYNTHETIC DATA" in mail["Subject"] and mail["X-ODCM-Synthetic"] == "yes"
        assert "SYNTHETIC DATA" in letter.text and "SYNTHETIC DATA" in letter.html
    assert not any(
        "SYNTHETIC" in part
        for one in letters(synthetic=False).values()
        for part in (one.subject, one.text, one.html)
    )


def test_the_same_release_and_recipient_give_the_same_letter_and_message_id(letters):
    one, again = letters()["KZ-31"], letters()["KZ-31"]
    assert one.message(SENT).as_bytes() == again.message(SENT).as_bytes()
    assert one.body_sha256 == again.body_sha256
    others = {letter.message_id for letter in letters().values()}
    assert len(others) == 21 and one.message_id not in {
        each.message_id for each in letters(release_id="2025.2-provisional").values()
    }


def test_no_line_of_a_letter_breaks_the_limits_of_mail(letters):
    for letter in letters().values():
        lines = letter.message(SENT).as_bytes().splitlines()
        assert max(map(len, lines)) <= 998
        assert all(len(line) <= 78 for line in lines[: lines.index(b"")])


def test_subject_and_names_arrive_as_they_were_written(letters):
    for letter in letters().values():
        mail = email.message_from_bytes(letter.message(SENT).as_bytes())
        assert str(make_header(decode_header(mail["Subject"]))) == letter.subject
        to = str(make_header(decode_header(mail["To"])))
        assert " ".join(to.split()) == f"{letter.recipient.mailbox.name} <{letter.address}>"
