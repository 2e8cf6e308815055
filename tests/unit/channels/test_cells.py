"""What stands in one cell: one address, several, or words."""

from __future__ import annotations

import pytest

from include.channels import parts_of


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("http://a.kz/ | http://b.kz/", ["http://a.kz/", "http://b.kz/"]),
        ("@shop_k/@shop_l", ["@shop_k", "@shop_l"]),
        ("a.kz; b.kz\nc.kz", ["a.kz", "b.kz", "c.kz"]),
        ("http://a.kzhttp://b.kz", ["http://a.kz", "http://b.kz"]),
        ("@shop_k и @shop_l", ["@shop_k", "@shop_l"]),
        ("shop_k, shop_l", ["shop_k", "shop_l"]),
        ("8 701 000 00 01; 8 701 000 00 02", ["8 701 000 00 01", "8 701 000 00 02"]),
        ("http://a.kz/x,y?z=1;2", ["http://a.kz/x,y?z=1;2"]),
        ("https://www.tiktok.com/@shop", ["https://www.tiktok.com/@shop"]),
        ("http://a.kz/?u=https://b.kz", ["http://a.kz/?u=https://b.kz"]),
        ("+7 701 000 00 01", ["+7 701 000 00 01"]),
        ("@shop_k закрыт, см. @shop_l", ["@shop_k закрыт, см. @shop_l"]),
    ],
)
def test_a_cell_is_parted_where_it_holds_addresses_and_nothing_else(cell: str, parts: list[str]) -> None:
    assert parts_of(cell) == parts
