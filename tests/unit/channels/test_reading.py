"""The canonical channel (B1, B6): every spelling of one channel gives one key, and no two channels share one."""

from __future__ import annotations

import pytest

from include.channels import channel_of


def key(platform: str | None, identifier: str | None, numeric_id: str | None = None) -> str | None:
    return channel_of(platform, identifier, numeric_id).key


def fault(platform: str, identifier: str, numeric_id: str | None = None) -> str | None:
    found = channel_of(platform, identifier, numeric_id)
    assert found.key is None
    return found.fault


@pytest.mark.parametrize(
    "spelling",
    [
        "https://t.me/Shop_01", "http://t.me/shop_01", "t.me/shop_01", "www.t.me/shop_01", "https://www.t.me/shop_01",
        "telegram.me/shop_01", "https://telegram.dog/SHOP_01", "@Shop_01", "shop_01", "SHOP_01", "shop_01.t.me",
        "tg://resolve?domain=shop_01", "tg://resolve/?domain=Shop_01", "tg:resolve?start=x&domain=shop_01",
        "https://t.me/s/shop_01", "https://t.me/shop_01/122", "https://t.me/shop_01/", "https://t.me/shop_01?start=abc",
        "https://t.me/shop_01?utm_source=x&utm_medium=y", "HTTPS://T.ME/SHOP_01", "https://t.me/shop_01#about",
        "https://t.me/boost/shop_01", "https://web.telegram.org/k/#@shop_01", "https://tgstat.ru/channel/@shop_01",
        "hxxps://t[.]me/shop_01", "https://t.me/shop_01 (@shop_01)", " «https://t.me/shop_01». ", "https:\\\\t.me\\shop_01",
        "https://web.telegram.org/?tgaddr=tg%3A%2F%2Fresolve%3Fdomain%3Dshop_01",
    ],
)  # fmt: skip
@pytest.mark.parametrize("platform", ["telegram_channel", "telegram_bot", "telegram_group"])
def test_every_spelling_of_a_telegram_channel_is_one_channel(platform: str, spelling: str) -> None:
    assert key(platform, spelling) == "telegram:shop_01"


@pytest.mark.parametrize(
    ("platform", "spellings", "expected"),
    [
        ("telegram_group", ["https://t.me/+AbCdEf123", "t.me/joinchat/AbCdEf123", "tg://join?invite=AbCdEf123"], "telegram:+AbCdEf123"),
        ("telegram_channel", ["t.me/+77010000001", "+7 (701) 000-00-01", "tg://resolve?phone=77010000001"], "telegram:phone:77010000001"),
        ("telegram_channel", ["https://t.me/c/1234567890/4", "-1001234567890", "1234567890", "tg://privatepost?channel=1234567890&post=4", "https://web.telegram.org/a/#-1001234567890"], "telegram:id:1234567890"),
        ("telegram_bot", ["tg://user?id=1234567890", "1234567890"], "telegram:user:1234567890"),
        ("instagram", ["https://www.instagram.com/Shop.01/", "instagram.com/shop.01?igsh=1", "@shop.01", "shop.01", "https://www.instagram.com/stories/shop.01/111/", "instagram.com/shop.01/p/CAb0/"], "instagram:shop.01"),
        ("tiktok", ["https://www.tiktok.com/@Shop01", "tiktok.com/@shop01?lang=ru", "@shop01", "https://www.tiktok.com/@shop01/video/7"], "tiktok:shop01"),
        ("vk", ["https://vk.com/club123", "vk.ru/public123", "m.vk.com/event123", "vkontakte.ru/CLUB123", "vk.com/wall-123_77", "vk.com/feed?w=wall-123_77", "vk.com/photo-123_4?rev=1", "-123"], "vk:club123"),
        ("vk", ["https://vk.com/id123", "vk.com/wall123_5", "vk.com/photo123_4"], "vk:id123"),
        ("vk", ["vk.com/Shop.01", "@shop.01", "vk.com/@shop.01-best-article", "vk.com/shop.01?from=search"], "vk:shop.01"),
        ("whatsapp", ["https://wa.me/77010000000", "wa.me/+77010000000?text=x", "https://api.whatsapp.com/send?phone=77010000000", "whatsapp://send?phone=%2B77010000000", "8 701 000 00 00", "+7-701-000-00-00", "77010000000@s.whatsapp.net", "https://web.whatsapp.com/send?phone=77010000000&text="], "whatsapp:77010000000"),
        ("whatsapp", ["https://chat.whatsapp.com/AbCdEf1", "chat.whatsapp.com/invite/AbCdEf1", "whatsapp://chat?code=AbCdEf1"], "whatsapp:+AbCdEf1"),
        ("other", ["https://facebook.com/John.Doe", "https://m.facebook.com/johndoe/posts/1", "fb.com/johndoe"], "facebook:johndoe"),
        ("website", ["http://шымкент.қаз/Єдина", "http://my_shop.шымкент.қаз/", "ШЫМКЕНТ.ҚАЗ", "xn--e1ajfgz5av.xn--80ao21a"], "website:xn--e1ajfgz5av.xn--80ao21a"),
        ("website", ["https://shop.example.com/catalogue?utm=1", "EXAMPLE.com", "http://www.example.com:8080/a", "https://user@example.com/", "example.com.", "a_b.m.example.com"], "website:example.com"),
        ("website", ["http://[2001:db8::1]:8080/x", "2001:DB8:0:0::1", "http://[2001:0db8::0001]"], "website:[2001:db8::1]"),
        ("website", ["1.2.3.4:80/x", "http://1.2.3.4", "http://[::ffff:1.2.3.4]/"], "website:1.2.3.4"),
        ("website", ["https://shop.example.co.uk/x", "example.co.uk"], "website:example.co.uk"),
        ("darknet", ["http://abcdefghij.onion/", "https://abcdefghij.onion.ly/a", "www.abcdefghij.onion"], "darknet:abcdefghij.onion"),
        ("marketplace", ["https://www.olx.kz/d/obyavlenie/sol-IDaaaa1.html", "https://m.olx.kz/d/kk/obyavlenie/x-IDaaaa1.html?reason=1", "https://olx.kz/obyavlenie/y-IDaaaa1.html"], "marketplace:olx.kz/IDaaaa1"),
        ("website", ["https://telegra.ph/Shop-01-01", "https://te.legra.ph/Shop-01-01?a=1"], "website:telegra.ph/Shop-01-01"),
        ("other", ["user@jabber.example.ru", "USER@Jabber.Example.ru"], "mail:user@jabber.example.ru"),
    ],
)  # fmt: skip
def test_the_spellings_of_one_channel_are_one_key(platform: str, spellings: list[str], expected: str) -> None:
    assert {spelling: key(platform, spelling) for spelling in spellings} == dict.fromkeys(spellings, expected)


@pytest.mark.parametrize(
    ("platform", "addresses"),
    [
        ("telegram_channel", ["t.me/shop_01", "t.me/shop_02", "t.me/+AbCdEf123", "t.me/+abcdef123", "t.me/c/100200/7", "t.me/c/100201/7", "tg://user?id=100200"]),
        ("vk", ["vk.com/club123", "vk.com/id123", "vk.com/club1234", "vk.com/club_123", "vk.com/club123shop"]),
        ("whatsapp", ["wa.me/77010000001", "wa.me/77010000002", "wa.me/message/AbC1", "wa.me/message/abc1", "chat.whatsapp.com/AbC1", "whatsapp.com/channel/AbC1"]),
        ("website", ["shop-one.blogspot.com", "https://shop-two.blogspot.com/p/1", "https://telegra.ph/a-01", "https://telegra.ph/b-01", "shop1.co.kz", "shop2.co.kz", "https://sites.google.com/view/a", "https://sites.google.com/view/b", "a.tilda.ws", "b.tilda.ws", "a.github.io", "bit.ly/AbC", "bit.ly/abc"]),
        ("marketplace", ["https://www.olx.kz/d/obyavlenie/sol-IDaaaa1.html", "https://www.olx.kz/d/obyavlenie/mef-IDbbbb2.html", "kaspi.kz/shop/p/a-1", "kaspi.kz/shop/p/a-2", "a.satu.kz", "b.satu.kz", "kolesa.kz/a/show/1", "kolesa.kz/a/show/2"]),
        ("other", ["https://www.youtube.com/@shopa", "youtube.com/@shopb", "youtube.com/channel/UCa1", "youtube.com/channel/UCA1", "youtube.com/user/shopa", "ok.ru/group/5", "ok.ru/profile/5", "facebook.com/5", "facebook.com/groups/5"]),
    ],
)  # fmt: skip
def test_different_channels_have_different_keys(platform: str, addresses: list[str]) -> None:
    keys = [key(platform, address) for address in addresses]
    assert None not in keys and len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("platform", "identifier"),
    [
        ("instagram", "https://www.instagram.com/reel/CAb0/"), ("instagram", "instagram.com/p/CAb0"), ("instagram", "instagram.com/explore/tags/x"),
        ("telegram_channel", "https://t.me/addlist/AbCdEf"), ("telegram_channel", "t.me/share/url?url=https://t.me/shop_01"),
        ("telegram_channel", "https://t.me/proxy?server=a&port=1"), ("telegram_channel", "tg://socks?server=a"), ("telegram_channel", "t.me/addstickers/Shop"),
        ("telegram_channel", "@joinchat"), ("telegram_channel", "https://t.me/"), ("tiktok", "https://vm.tiktok.com/ZM1/"), ("tiktok", "tiktok.com/tag/x"),
        ("vk", "https://vk.com/feed"), ("whatsapp", "https://wa.me/?text=x"), ("other", "https://www.youtube.com/watch?v=1"), ("other", "youtu.be/abc"),
        ("marketplace", "https://www.olx.kz/"), ("website", "blogspot.com"), ("website", "co.uk"), ("website", "https://telegra.ph/"),
    ],
)  # fmt: skip
def test_a_link_that_names_no_account_is_refused_with_that_reason(platform: str, identifier: str) -> None:
    assert fault(platform, identifier) == "no account"


@pytest.mark.parametrize(
    ("platform", "cell"),
    [
        ("website", "http://shop-a.kz/ | http://shop-b.kz/"), ("website", "shop-a.kz, shop-b.kz"), ("website", "http://shop-a.kzhttp://shop-b.kz"),
        ("website", "http://shop-a.kz/ и http://shop-b.kz/"), ("telegram_channel", "@shop_k/@shop_l"), ("telegram_channel", "t.me/shop_k t.me/shop_l"),
        ("telegram_channel", "@shop_k\n@shop_l"), ("whatsapp", "+77010000001, 8 701 000 00 02"), ("telegram_channel", "https://t.me/shop_k (@shop_l)"),
        ("instagram", "shop.one;shop.two"),
    ],
)  # fmt: skip
def test_a_cell_with_several_channels_is_refused_with_that_reason(platform: str, cell: str) -> None:
    assert fault(platform, cell) == "several"
    assert fault(platform, cell, "1234567890") == "several"


@pytest.mark.parametrize(
    ("platform", "identifier"),
    [
        ("telegram_channel", "не установлен"), ("telegram_channel", ""), ("telegram_channel", None), ("telegram_channel", "a"),
        ("website", "no address"), ("website", "localhost"), ("website", "http://"), ("website", "-.-"), ("website", "999.1.1.1"),
        ("website", "shop.kz закрыт"), ("website", "@shop_01"), (None, "t.me/shop_01"), ("whatsapp", "shop"),
    ],
)  # fmt: skip
def test_what_names_no_channel_has_no_key(platform: str | None, identifier: str | None) -> None:
    assert channel_of(platform, identifier) == channel_of(None, None)


@pytest.mark.parametrize(
    ("platform", "written", "expected"),
    [
        ("telegram_channel", ["1234567890", "-1001234567890", "1001234567890"], "telegram:id:1234567890"),
        ("telegram_channel", ["10012345678", "-1010012345678"], "telegram:id:10012345678"),
        ("telegram_bot", ["1234567890", "01234567890"], "telegram:user:1234567890"),
        ("telegram_group", ["-123456"], "telegram:group:123456"),
        ("telegram_group", ["-1001234567890"], "telegram:id:1234567890"),
        ("website", ["1234567890"], "website:example.kz"),
    ],
)
def test_a_numeric_id_is_one_however_written(platform: str, written: list[str], expected: str) -> None:
    name = "example.kz" if platform == "website" else "@shop_01"
    assert {key(platform, name, number) for number in written} == {expected}


def test_the_handle_stays_beside_the_id_and_a_rename_is_the_same_channel() -> None:
    old, new = (channel_of("telegram_channel", name, "1234567") for name in ("@old_name", "@new_name"))
    assert (old.key, old.handle) == ("telegram:id:1234567", "telegram:old_name")
    assert (new.key, new.handle) == ("telegram:id:1234567", "telegram:new_name")
    assert channel_of("telegram_channel", "https://t.me/c/1234567/8").handle is None


def test_an_id_in_the_address_that_is_not_the_one_of_the_row_is_refused() -> None:
    assert fault("telegram_channel", "https://t.me/c/1234567/8", "7654321") == "two ids"
    assert key("telegram_channel", "https://t.me/c/1234567/8", "-1001234567") == "telegram:id:1234567"
    assert key("vk", "vk.com/id123", "123") == "vk:id123"


@pytest.mark.parametrize(
    ("platform", "identifier", "other"),
    [
        ("website", "https://t.me/shop_01", "telegram_channel"), ("website", "https://t.me/shop_bot", "telegram_bot"),
        ("telegram_channel", "https://shop.kz/", "website"), ("instagram", "https://www.facebook.com/shop", "other"),
        ("website", "https://www.olx.kz/d/obyavlenie/sol-IDaaaa1.html", "marketplace"), ("website", "abcdefghij.onion", "darknet"),
        ("telegram_bot", "https://t.me/shop_01", None), ("marketplace", "https://shop.kz/", None), ("other", "youtube.com/@shop", None),
        ("darknet", "https://shop.kz/", "website"),
    ],
)  # fmt: skip
def test_the_address_decides_the_platform_and_the_row_is_flagged(
    platform: str, identifier: str, other: str | None
) -> None:
    assert channel_of(platform, identifier).other_platform == other
