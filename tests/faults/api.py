"""A well-behaved API: any way of paging, any way of proving who asks."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.faults.http_server import Request, Wire
from tests.faults.place import TOKEN, item

ITEMS = [item(number) for number in range(1, 6)]
BASIC = "Basic " + base64.b64encode(f"reader:{TOKEN}".encode()).decode()


@dataclass
class Api:
    """Gives `items` in pages of at most `most`, to whoever proves who asks as `auth` says.

    Attributes:
        good_for: requests that one access token is good for.
    """

    by: str = "none"
    auth: str = "none"
    items: list[dict[str, Any]] = field(default_factory=lambda: list(ITEMS))
    most: int = 2
    states: tuple[str, ...] = ()
    beyond: str = "empty"
    good_for: int = 1000
    granted: int = 0
    used: int = 0

    def answer(self, request: Request, wire: Wire) -> None:
        if request.path == "/token":
            return self._grant(request, wire)
        if not self._may(request):
            return wire.json({"error": "synthetic"}, 401)
        return getattr(self, f"_by_{self.by}")(request, wire)

    # Credentials ----------------------------------------------------------------------------------------------

    def _grant(self, request: Request, wire: Wire) -> None:
        assert request.method == "POST" and b"grant_type=client_credentials" in request.body
        if request.headers.get("authorization") != BASIC:
            return wire.json({"error": "invalid_client"}, 401)
        self.granted, self.used = self.granted + 1, 0
        return wire.json({"access_token": f"granted-{self.granted}", "token_type": "bearer"})

    def _may(self, request: Request) -> bool:
        given = request.headers.get("authorization")
        if self.auth == "oauth2":
            self.used += 1
            return given == f"Bearer granted-{self.granted}" and self.used <= self.good_for
        if self.auth == "key":
            return given is None and request.headers.get("x-api-key") == TOKEN
        return given == {"none": None, "token": f"Bearer {TOKEN}", "basic": BASIC}[self.auth]

    # Pages ----------------------------------------------------------------------------------------------------

    def _by_none(self, request: Request, wire: Wire) -> None:
        self._give(wire, self.items)

    def _by_page(self, request: Request, wire: Wire) -> None:
        number = int(request.query["page"])
        last = max(1, -(-len(self.items) // self.most))
        if number > last and self.beyond == "missing":
            return wire.json({"error": "synthetic"}, 404)
        if self.beyond == "last":
            number = min(number, last)
        return self._give(wire, self.items[(number - 1) * self.most : number * self.most], page=number)

    def _by_offset(self, request: Request, wire: Wire) -> None:
        first = int(request.query["offset"])
        size = min(self.most, int(request.query["limit"]))
        self._give(wire, self.items[first : first + size])

    def _by_cursor(self, request: Request, wire: Wire) -> None:
        first = int(request.query.get("cursor", "0"))
        after = first + self.most
        more = after < len(self.items)
        self._give(wire, self.items[first:after], then={"cursor": after if more else None})

    def _by_link(self, request: Request, wire: Wire) -> None:
        first = int(request.query.get("from", "0"))
        after = first + self.most
        link = f'</first>; rel="first", <{request.path}?from={after}>; rel="prefetch next"; title="a, b"'
        self._give(wire, self.items[first:after], **({"_Link": link} if after < len(self.items) else {}))

    def _give(self, wire: Wire, items: list[Any], **more: Any) -> None:
        headers = {name[1:]: value for name, value in more.items() if name[0] == "_"}
        stated = {"total": len(self.items), "pages": -(-len(self.items) // self.most)}
        document = {"items": items} | {name: stated[name] for name in self.states}
        wire.json(document | {k: v for k, v in more.items() if k[0] != "_"}, **headers)
