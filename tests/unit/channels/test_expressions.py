"""Usual identifiers are read by SQL, the others by `reading`: nobody can tell which by the answer."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest

from include.channels import channel_of, register_channels, with_channels, with_parent

PLATFORMS = "telegram_channel telegram_bot telegram_group website instagram tiktok vk whatsapp marketplace darknet other"
BEGINNINGS = [
    "", "@", "https://", "http://", "www.", "https://www.", "t.me/", "https://t.me/s/", "telegram.me/", "id", "http://shop.",
    "tg://resolve?domain=", "https://instagram.com/", "https://www.tiktok.com/@", "tiktok.com/", "vk.com/", "https://m.vk.com/",
    "https://wa.me/",
]  # fmt: skip
MIDDLES = [
    "shop_kz", "Shop.One", "share", "addlist", "club123", "wall-12_3", "77010000001", "87010000001", "12345678", "shop.kz",
    "shop.co.kz", "a.blogspot.com", "x.onion", "abc.example", "reel", "p", "s", "boost", "id12345", "www", "ch-op.com", "a.b.c.io",
    "t.me", "shop_", "_shop", "shop.", "instagram.com", "магазин.қаз", "магазин-1.kz", "Дүкен.onion", "xn--80ao21a.kz", "k.ck", "a--b.test", "-a.test", "event7x",
    "me.i2p", "http",
]  # fmt: skip
ENDS = [
    "", "/", "/12", "?x=1", "/12?a=b", "#a", "/a/b", "?text=a%20b", "?w=wall-5_6", "/p/x", "/?utm_source=x&b=c", ":443/", " x",
    ",", "?phone=77010000009", ".",
]  # fmt: skip
IDS = [None, None, "1234567890", "-1001234567890", "-123456", "77010000001", "0123456", "1001234567890"]


@pytest.mark.parametrize("seed", range(3))
def test_both_ways_to_read_give_one_answer(seed: int) -> None:
    rng = random.Random(seed)
    rows = []
    for _ in range(6_000):
        text = rng.choice(BEGINNINGS) + rng.choice(MIDDLES) + rng.choice(ENDS)
        rows.append((rng.choice(PLATFORMS.split()), rng.choice((text, text.upper())), rng.choice(IDS)))
    names = ("platform", "identifier", "platform_numeric_id")
    table = pa.table(
        {name: pa.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )
    with duckdb.connect(config={"threads": 1}) as con:
        register_channels(con)
        con.register("reported", table)
        both = with_parent(f"select *, identifier as mirror_of from ({with_channels('from reported')})")
        columns = "channel_key, handle_key, other_platform, channel_fault, parent_channel_key"
        found = con.execute(f"select {columns} from ({both})").fetchall()
    for row, answer in zip(rows, found, strict=True):
        one = channel_of(*row)
        expected = (one.key, one.handle, one.other_platform, one.fault, channel_of(*row[:2]).key)
        assert answer == expected, row


def test_a_row_without_platform_or_identifier_has_no_channel() -> None:
    with duckdb.connect() as con:
        register_channels(con)
        row = "select null::varchar as platform, '@shop_01' as identifier, '123456' as platform_numeric_id union all select 'vk', null, '123456'"
        found = con.execute(f"select channel_key, channel_fault from ({with_channels(row)})").fetchall()
    assert found == [(None, None), (None, None)]
