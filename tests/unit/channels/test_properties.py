"""Of generated channels of every platform: any two spellings of one agree, and no two channels meet."""

from __future__ import annotations

import string
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from include.channels import channel_of

SMALL, LETTERS = string.ascii_lowercase, string.ascii_letters + string.digits
handles = st.from_regex(r"[a-z]{3}[a-z0-9_]{2,18}[0-9][a-z]", fullmatch=True)
invites = st.text(LETTERS + "_-", min_size=12, max_size=22).filter(lambda text: not text.isdigit())
codes = st.text(LETTERS, min_size=5, max_size=8)
numbers = st.integers(1_000_000_000, 9_999_999_999).map(str)
phones = st.integers(7_000_000_000, 7_799_999_999).map(lambda rest: f"7{rest}")
labels = st.from_regex(r"[a-z]{2}[a-z0-9]{1,10}-[a-z0-9]{2,10}", fullmatch=True)
cyrillic = st.text("абвгдежзиклмнопрстуфхцчшщэюяәғқңөұүһіїєґ", min_size=3, max_size=12)

Ways = Callable[[str], list[str]]
KINDS: dict[str, tuple[str, st.SearchStrategy[str], Ways]] = {
    "a handle of Telegram": ("telegram_channel", handles, lambda x: [
        f"https://t.me/{x}", f"@{x.upper()}", x, f"t.me/s/{x}/12", f"tg://resolve?domain={x}&post=3", f"{x}.t.me",
        f"http://telegram.me/{x}?utm_source=y", f"https://telegram.dog/{x}#z", f"t.me/boost/{x}", f"web.telegram.org/k/#@{x}",
    ]),
    "an invitation to Telegram": ("telegram_group", invites, lambda x: [f"https://t.me/+{x}", f"t.me/joinchat/{x}", f"tg://join?invite={x}"]),
    "an id of Telegram": ("telegram_channel", numbers, lambda x: [f"https://t.me/c/{x}/4", f"-100{x}", x, f"tg://privatepost?channel={x}&post=1", f"web.telegram.org/a/#-100{x}"]),
    "a bot by its id": ("telegram_bot", numbers, lambda x: [x, f"tg://user?id={x}", f"tg://openmessage?user_id={x}"]),
    "a basic group": ("telegram_group", st.integers(1_100_000, 999_999_999).filter(lambda n: not str(n).startswith("100")).map(str), lambda x: [f"-{x}", f"web.telegram.org/k/#-{x}"]),
    "a person or bot by telephone": ("telegram_channel", phones, lambda x: [f"t.me/+{x}", f"+{x}", f"tg://resolve?phone={x}"]),
    "Instagram": ("instagram", handles, lambda x: [f"https://www.instagram.com/{x}/", f"@{x}", x, f"instagram.com/{x.upper()}?igsh=1", f"instagram.com/stories/{x}/1/", f"instagram.com/{x}/reel/Ab/"]),
    "TikTok": ("tiktok", handles, lambda x: [f"https://www.tiktok.com/@{x}", f"@{x}", f"tiktok.com/@{x}/video/1", f"m.tiktok.com/@{x}?lang=ru"]),
    "a community of VK": ("vk", numbers, lambda x: [f"vk.com/club{x}", f"https://vk.ru/public{x}", f"m.vk.com/event{x}", f"vk.com/wall-{x}_7", f"vk.com/feed?w=wall-{x}_7", f"vk.com/photo-{x}_1", f"-{x}"]),
    "a person of VK": ("vk", numbers, lambda x: [f"vk.com/id{x}", f"https://m.vk.com/wall{x}_7", f"vk.com/photo{x}_1"]),
    "a name of VK": ("vk", handles, lambda x: [f"vk.com/{x}", f"@{x}", f"https://vkontakte.ru/{x.upper()}", f"vk.com/@{x}-an-article", f"vk.me/{x}"]),
    "WhatsApp": ("whatsapp", phones, lambda x: [f"https://wa.me/{x}", f"+{x}", f"8 ({x[1:4]}) {x[4:7]}-{x[7:9]}-{x[9:]}", f"api.whatsapp.com/send?phone={x}&text=y", f"whatsapp://send?phone=%2B{x}", f"{x}@c.us"]),
    "a group of WhatsApp": ("whatsapp", invites, lambda x: [f"https://chat.whatsapp.com/{x}", f"chat.whatsapp.com/invite/{x}?mode=y", f"whatsapp://chat?code={x}"]),
    "YouTube": ("other", handles, lambda x: [f"https://www.youtube.com/@{x}", f"m.youtube.com/@{x.upper()}/videos", f"youtube.com/@{x}?si=1"]),
    "Facebook": ("other", handles.filter(lambda name: "_" not in name), lambda x: [f"https://facebook.com/{x}", f"m.facebook.com/{x}/posts/1", f"fb.com/{x[:2]}.{x[2:]}"]),
    "a group of Odnoklassniki": ("other", numbers, lambda x: [f"https://ok.ru/group/{x}", f"m.ok.ru/group/{x}/topic/1", f"odnoklassniki.ru/group{x}"]),
    "Discord": ("other", codes, lambda x: [f"https://discord.gg/{x}", f"discord.com/invite/{x}", f"discordapp.com/invite/{x}"]),
    "a site": ("website", labels, lambda x: [f"https://{x}.kz/", f"{x.upper()}.KZ", f"http://www.{x}.kz:8080/a?b=c", f"a_b.{x}.kz", f"{x}.kz.", f"hxxp://{x}[.]kz"]),
    "a site in Cyrillic": ("website", cyrillic, lambda x: [f"http://{x}.қаз/Єдина", f"{x.upper()}.ҚАЗ", f"my_shop.{x}.қаз", f"{x}.xn--80ao21a"]),
    "a blog": ("website", labels, lambda x: [f"https://{x}.blogspot.com/p/1", f"{x}.blogspot.com", f"www.{x}.blogspot.kz"]),
    "a page of telegra.ph": ("website", labels, lambda x: [f"https://telegra.ph/{x}-01", f"te.legra.ph/{x}-01?a=b", f"graph.org/{x}-01"]),
    "a site of Google": ("website", labels, lambda x: [f"https://sites.google.com/view/{x}", f"sites.google.com/view/{x}/home"]),
    "a hidden site": ("darknet", st.text(SMALL + "234567", min_size=56, max_size=56), lambda x: [f"http://{x}.onion/", f"{x.upper()}.ONION", f"https://{x}.onion.ws/a"]),
    "an advertisement": ("marketplace", codes, lambda x: [f"https://www.olx.kz/d/obyavlenie/sol-ID{x}.html", f"m.olx.kz/d/kk/obyavlenie/y-ID{x}.html?a=b"]),
    "goods of Kaspi": ("marketplace", numbers, lambda x: [f"https://kaspi.kz/shop/p/a-b-{x}/", f"kaspi.kz/shop/p/c-{x}?c=1"]),
    "a Jabber": ("other", handles, lambda x: [f"{x}@jabber.kz", f"{x.upper()}@Jabber.KZ"]),
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_two_spellings_of_one_channel_agree_and_no_two_channels_meet(data: st.DataObject) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for kind, (platform, strategy, ways) in KINDS.items():
        for value in data.draw(st.lists(strategy, min_size=2, max_size=2, unique=True), label=kind):
            found = {way: channel_of(platform, way).key for way in ways(value)}
            assert len(set(found.values())) == 1, found
            (key,) = set(found.values())
            assert key is not None and key.isprintable() and ":" in key
            assert owners.setdefault(key, (kind, value)) == (kind, value)


@settings(max_examples=30, deadline=None)
@given(number=numbers, name=handles)
def test_an_id_decides_however_it_and_the_address_are_written(number: str, name: str) -> None:
    addresses = [f"@{name}", f"t.me/{name}_x", f"https://t.me/c/{number}/3", f"t.me/+{name}Abcdef"]
    written = [number, f"-100{number}", f"0{number}"]
    keys = {channel_of("telegram_channel", a, n).key for a in addresses for n in written}
    assert keys == {f"telegram:id:{number}"}
    assert channel_of("telegram_bot", f"@{name}", number).key == f"telegram:user:{number}"
    assert channel_of("telegram_group", f"@{name}", f"-{number}").key not in keys or number.startswith("100")


@settings(max_examples=100, deadline=None)
@given(
    platform=st.sampled_from(["telegram_channel", "website", "vk", "whatsapp", "instagram", "other"]),
    text=st.text(max_size=60),
)
def test_no_text_breaks_the_reading_and_a_key_is_read_the_same_again(platform: str, text: str) -> None:
    found = channel_of(platform, text)
    assert found.key is None or found.fault is None
    assert found == channel_of(platform, text)
