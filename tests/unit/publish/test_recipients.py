"""Who gets the summaries: complete, or refused with the file and the fault named."""

import pytest
import yaml

from include.publish import RecipientsError, read_recipients
from include.publish.recipients import DEFAULT


@pytest.fixture
def read(tmp_path, sample):
    def reading(**changes):
        document = yaml.safe_load(DEFAULT.read_text(encoding="utf-8")) | changes
        path = tmp_path / "people.yaml"
        path.write_text(
            yaml.safe_dump({k: v for k, v in document.items() if v is not None}), encoding="utf-8"
        )
        return read_recipients(path, sample.REGIONS)

    return reading


def test_the_national_list_and_every_headquarters_get_one_letter_each(sample):
    everyone = read_recipients(DEFAULT, sample.REGIONS).everyone()
    assert [each.region_code for each in everyone] == ["KZ", *sorted(sample.REGIONS)]
    assert all(each.mailbox.address.endswith(".example") for each in everyone)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sender": None}, r"people.yaml: sender: Field required"),
        ({"national": []}, r"national: .*at least 1 item"),
        ({"national": [{"address": "no at sign", "name": "x"}]}, r"national.0.address: .*found 'no at sign'"),
        ({"national": [{"address": "a@b.example", "name": "x\r\nBcc: y@z.example"}]}, r"national.0.name"),
        ({"national": [{"address": "a@b.example", "name": "x", "language": "de"}]}, r"national.0.language"),
        ({"regions": {"KZ-10": [{"address": "a@b.example", "name": "x"}]}}, r"no mailbox for KZ-11, KZ-15"),
        ({"colour": "red"}, r"colour: Extra inputs are not permitted"),
    ],
)
def test_a_faulty_file_is_refused_with_the_key(read, changes, message):
    with pytest.raises(RecipientsError, match=message):
        read(**changes)


def test_the_same_address_twice_is_refused(read):
    twice = [{"address": "A@b.example", "name": "x"}, {"address": "a@B.example", "name": "y"}]
    with pytest.raises(RecipientsError, match="the same address stands twice: a@b.example"):
        read(national=twice)


def test_a_region_that_does_not_exist_is_refused(tmp_path, sample):
    with pytest.raises(RecipientsError, match="KZ-79: no such region"):
        read_recipients(DEFAULT, [code for code in sample.REGIONS if code != "KZ-79"])


def test_a_missing_or_unreadable_file_says_so(tmp_path, sample):
    with pytest.raises(RecipientsError, match="no such file; ODCM_RECIPIENTS names it"):
        read_recipients(tmp_path / "none.yaml", sample.REGIONS)
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(RecipientsError, match="bad.yaml: not readable YAML"):
        read_recipients(tmp_path / "bad.yaml", sample.REGIONS)
