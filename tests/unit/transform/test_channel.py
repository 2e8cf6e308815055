"""The canonical channel (B1, B6): every spelling of one channel gives one key, and no two channels share one."""

from __future__ import annotations

import duckdb
import pytest

from include.transform import register_registrable, with_channel


def key(platform: str | None, identifier: str | None, numeric_id: str | None = None) -> str | None:
    with duckdb.connect() as con:
        register_registrable(con)
        row = "select ?::varchar as platform, ?::varchar as identifier, ?::varchar as numeric_id"
        question = f"select key from ({with_channel(row, 'key', 'identifier', 'numeric_id')})"
        found: str | None = con.execute(question, [platform, identifier, numeric_id]).fetchall()[0][0]
        return found


@pytest.mark.parametrize(
    "spelling",
    [
        "https://t.me/Shop_01", "http://t.me/shop_01", "t.me/shop_01", "www.t.me/shop_01", "https://www.t.me/shop_01",
        "telegram.me/shop_01", "https://telegram.dog/SHOP_01", "@Shop_01", "@shop_01", "shop_01", "SHOP_01",
        "tg://resolve?domain=shop_01", "tg://resolve/?domain=Shop_01", "tg://resolve?start=x&domain=shop_01",
        "https://t.me/s/shop_01", "https://t.me/shop_01/122", "https://t.me/shop_01/", "https://t.me/shop_01?start=abc",
        "https://t.me/shop_01?utm_source=x&utm_medium=y", "HTTPS://T.ME/SHOP_01", "https://t.me/shop_01#about",
    ],
)  # fmt: skip
@pytest.mark.parametrize("platform", ["telegram_channel", "telegram_bot", "telegram_group"])
def test_every_spelling_of_a_telegram_channel_is_one_channel(platform: str, spelling: str) -> None:
    assert key(platform, spelling) == "telegram:shop_01"


@pytest.mark.parametrize(
    ("one", "other"),
    [("t.me/shop_01", "t.me/shop_02"), ("t.me/shop_01", "t.me/shop_011"), ("https://t.me/c/100200/7", "https://t.me/c/100201/7")],
)  # fmt: skip
def test_other_handles_are_other_channels(one: str, other: str) -> None:
    assert key("telegram_channel", one) != key("telegram_channel", other)
    assert None not in (key("telegram_channel", one), key("telegram_channel", other))


def test_an_invitation_keeps_its_letters_since_case_matters_in_it() -> None:
    assert key("telegram_group", "https://t.me/+AbCdEf123") == "telegram:+AbCdEf123"
    assert key("telegram_group", "https://t.me/joinchat/AbCdEf123") == key(
        "telegram_group", "t.me/+AbCdEf123"
    )
    assert key("telegram_group", "t.me/+abcdef123") != key("telegram_group", "t.me/+AbCdEf123")


def test_the_numeric_id_decides_so_that_a_rename_stays_one_channel() -> None:
    assert key("telegram_channel", "@old_name", "1234567") == "telegram:id:1234567"
    assert key("telegram_channel", "@new_name", "1234567") == key("telegram_bot", "@old_name", "1234567")
    assert key("vk", "vk.com/club1", "1234567") != key("telegram_channel", "@x_y", "1234567")


@pytest.mark.parametrize(
    "spelling",
    ["https://shop.example.com/catalogue?utm=1", "shop.example.com", "EXAMPLE.com", "http://www.example.com:8080/a",
     "https://user@example.com/", "example.com.", "m.example.com"],
)  # fmt: skip
def test_a_site_is_its_registrable_domain(spelling: str) -> None:
    assert key("website", spelling) == "website:example.com"


@pytest.mark.parametrize(
    ("spelling", "domain"),
    [
        ("https://shop.example.co.uk/x", "example.co.uk"),  # the public suffix list knows co.uk
        ("a.example.com.kz", "example.com.kz"),
        ("http://магазин.қаз/", "xn--80aaalv8e.xn--80ao21a"),
        ("https://ДҮКЕН.example.kz", "example.kz"),
        ("https://xn--80ao21a.example.kz", "example.kz"),
        ("shop.onion", "shop.onion"),
    ],
)
def test_a_registrable_domain_follows_the_public_suffix_list_and_idna(spelling: str, domain: str) -> None:
    found = key("website", spelling)
    assert found is not None
    if "магазин" in spelling:
        assert (
            found == key("website", f"www.{spelling.removeprefix('http://').strip('/')}") and found.isascii()
        )
    else:
        assert found == f"website:{domain}"


def test_an_idna_name_and_its_ascii_form_are_one_site() -> None:
    ascii_name = "магазин.қаз".encode("idna").decode()
    assert key("website", "http://МАГАЗИН.қаз/a") == key("website", ascii_name) == f"website:{ascii_name}"


@pytest.mark.parametrize(
    ("platform", "spellings", "expected"),
    [
        ("instagram", ["https://www.instagram.com/Shop.01/", "instagram.com/shop.01?igsh=1", "@shop.01", "shop.01"], "instagram:shop.01"),
        ("tiktok", ["https://www.tiktok.com/@Shop01", "tiktok.com/@shop01?lang=ru", "@shop01"], "tiktok:shop01"),
        ("vk", ["https://vk.com/club123", "vk.ru/club123", "m.vk.com/club123", "vkontakte.ru/CLUB123"], "vk:club123"),
        ("whatsapp", ["https://wa.me/77010000000", "wa.me/77010000000?text=x"], "whatsapp:77010000000"),
    ],
)  # fmt: skip
def test_the_spellings_of_a_network_are_one_channel(
    platform: str, spellings: list[str], expected: str
) -> None:
    assert {key(platform, spelling) for spelling in spellings} == {expected}


@pytest.mark.parametrize(
    ("platform", "identifier"),
    [
        ("telegram_channel", "не установлен"), ("telegram_channel", ""), ("telegram_channel", None), ("telegram_channel", "a"),
        ("website", "no address"), ("website", "localhost"), ("website", "http://"), ("website", "-.-"), ("website", "co.uk"),
        (None, "t.me/shop_01"), ("instagram", "https://www.facebook.com/shop"),
    ],
)  # fmt: skip
def test_what_names_no_channel_of_its_platform_has_no_key(
    platform: str | None, identifier: str | None
) -> None:
    assert key(platform, identifier) is None


def test_the_handle_is_kept_beside_the_numeric_id_so_that_the_two_can_be_joined() -> None:
    with duckdb.connect() as con:
        register_registrable(con)
        row = "select 'telegram_channel' as platform, '@Shop_01' as identifier, '1234567' as numeric_id"
        rows = con.sql(
            f"select key, handle from ({with_channel(row, 'key', 'identifier', 'numeric_id', 'handle')})"
        )
        assert rows.fetchall() == [("telegram:id:1234567", "telegram:shop_01")]
