"""Channels that cannot exist, and the many ways in which people write the same one."""

from __future__ import annotations

import random
from dataclasses import dataclass

TELEGRAM = ("telegram_channel", "telegram_bot", "telegram_group")
SITES = ("website", "marketplace", "other")
DIGITS_OF_ONION = str.maketrans("0123456789", "abcdefghij")


@dataclass(frozen=True)
class Channel:
    """One online channel of the simulated country.

    key: its name in the simulation, never reported.
    handle: user name, telephone number, or host name; its first letters say that it is synthetic.
    numeric_id: the platform's own number where sources know it.
    """

    key: str
    platform: str
    handle: str
    numeric_id: str | None
    category: str


def new_handle(platform: str, number: int, rng: random.Random) -> str:
    """A handle, host or telephone number that is plainly fictitious."""
    if platform == "telegram_bot":
        return f"sintetika_{number:06d}_bot"
    if platform in TELEGRAM:
        return f"sintetika_{rng.choice(('shop', 'klad', 'market', 'dukan'))}_{number:06d}"
    if platform == "website":
        return (
            f"sintetika-shop-{number:06d}.example"
            if number % 25
            else f"синтетика-магазин-{number:06d}.example"
        )
    if platform == "marketplace":
        return f"sintetika-bazar-{number:06d}.test"
    if platform == "other":
        return f"sintetika-forum-{number:06d}.invalid"
    if platform == "darknet":
        return ("sintetika" + f"{number:06d}".translate(DIGITS_OF_ONION)).ljust(56, "x") + ".onion"
    if platform == "whatsapp":
        return f"7000{number:07d}"  # no operator has the code 000
    return f"sintetika_{platform}_{number:06d}"


def bare(channel: Channel) -> str:
    """The plain address of a channel."""
    return _ways(channel)[0]


def written(channel: Channel, rng: random.Random) -> str:
    """One of the ways to write the address of a channel; all of them mean the same channel (B1)."""
    ways = _ways(channel)
    return ways[0] if rng.random() < 0.4 else rng.choice(ways)


def another_way(channel: Channel, than: str, rng: random.Random) -> str:
    """An address of the same channel that is written differently."""
    return rng.choice([way for way in _ways(channel) if way != than])


def _ways(channel: Channel) -> list[str]:
    handle = channel.handle
    if channel.platform in TELEGRAM:
        spoken = "_".join(part.capitalize() for part in handle.split("_"))
        return [
            f"https://t.me/{handle}",
            f"t.me/{handle}",
            f"@{handle}",
            f"http://telegram.me/{handle}",
            f"https://telegram.dog/{handle}",
            f"tg://resolve?domain={handle}",
            f"https://t.me/{handle}/{100 + len(handle)}",
            f"HTTPS://T.ME/{handle.upper()}",
            f"https://www.t.me/{spoken}",
            f"https://t.me/{handle}?utm_source=sintetika",
        ]
    if channel.platform in SITES or channel.platform == "darknet":
        ways = [
            f"http://{handle}/" if channel.platform == "darknet" else f"https://{handle}/",
            handle,
            f"http://www.{handle}/catalog?utm_source=sintetika&utm_medium=cpc",
            f"HTTPS://{handle.upper()}",
            f"https://{handle}:443/index.html#top",
        ]
        if channel.platform == "website":
            ways.append(f"https://m.{handle}/item/12")
        if not handle.isascii():
            ways.append("https://" + handle.encode("idna").decode("ascii") + "/")
        return ways
    if channel.platform == "whatsapp":
        return [f"https://wa.me/{handle}", f"wa.me/{handle}", f"https://wa.me/{handle}?text=sintetika"]
    host = {"instagram": "instagram.com/", "tiktok": "tiktok.com/@", "vk": "vk.com/"}[channel.platform]
    return [
        f"https://www.{host}{handle}",
        f"https://{host}{handle}",
        f"{host}{handle}",
        f"@{handle}",
        f"https://www.{host}{handle.capitalize()}",
        f"https://{host}{handle}?utm_source=sintetika",
    ]
