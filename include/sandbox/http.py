"""The JSON API of the simulated sources: a bearer token, a list of deliveries, deliveries in pages.

    GET /{source}/{dataset}/deliveries?page=1
    GET /{source}/{dataset}/deliveries/{id}?page=1&page_size=500

Run: python -m include.sandbox.http --folder data/sandbox --port 8100 [--token TOKEN]
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

DEFAULT_TOKEN = "synthetic-token"
Misbehaviour = Literal["fails", "stops", "forgets"]
LISTED_PER_PAGE = 10
LARGEST_PAGE = 10_000


def application(
    folder: Path, token: str = DEFAULT_TOKEN, misbehaves: Mapping[str, Misbehaviour] | None = None
) -> Starlette:
    """The API over a sandbox folder.

    Answers 401 without the token, 404 for what does not exist, 400 for a page that is no page.

    Args:
        misbehaves: feed id → how its deliveries go wrong, for tests: "fails" answers 500, "stops" cuts every
            answer in the middle without saying how long it would be, "forgets" leaves out the last item of a page.
    """
    root = folder / "api"
    wrong = misbehaves or {}

    def deliveries(request: Request) -> JSONResponse:
        _check(request, token)
        found = sorted(_feed(root, request).glob("*.json"))
        page, pages, part = _page(request, found, LISTED_PER_PAGE)
        listed = [{name: _read(path)[name] for name in ("id", "period", "delivered_at")} for path in part]
        return JSONResponse({"synthetic": True, "deliveries": listed, "page": page, "pages": pages})

    def delivery(request: Request) -> Response:
        _check(request, token)
        behaviour = wrong.get(f"{request.path_params['source']}/{request.path_params['dataset']}")
        if behaviour == "fails":
            raise HTTPException(500, "synthetic failure")
        known = {path.stem: path for path in _feed(root, request).glob("*.json")}
        if request.path_params["id"] not in known:
            raise HTTPException(404, "no such delivery")
        body = _read(known[request.path_params["id"]])
        page, pages, part = _page(request, body["items"], _number(request, "page_size", 500))
        # the id makes the answers for two months without rows different bytes
        answer = JSONResponse(
            {
                "synthetic": True,
                "id": body["id"],
                "items": part[:-1] if behaviour == "forgets" else part,
                "page": page,
                "pages": pages,
                "total": len(body["items"]),
            }
        )
        if behaviour == "stops":
            whole = bytes(answer.body)
            return StreamingResponse(iter([whole[: len(whole) // 2]]), media_type="application/json")
        return answer

    return Starlette(
        routes=[
            Route("/{source}/{dataset}/deliveries", deliveries),
            Route("/{source}/{dataset}/deliveries/{id}", delivery),
        ]
    )


def connection(token: str = DEFAULT_TOKEN) -> str:
    """The connection `sandbox_api` that the definitions name, as AIRFLOW_CONN_SANDBOX_API holds it."""
    return json.dumps({"conn_type": "http", "password": token})


def serve_api(folder: Path, port: int, token: str = DEFAULT_TOKEN) -> None:
    """Serve the API on localhost until the process is told to stop."""
    uvicorn.run(application(folder, token), host="127.0.0.1", port=port, log_level="warning")


@contextmanager
def serving(
    folder: Path, token: str = DEFAULT_TOKEN, misbehaves: Mapping[str, Misbehaviour] | None = None
) -> Iterator[str]:
    """The API on a free port of localhost for as long as the block runs; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(folder, token, misbehaves), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _check(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})


def _feed(root: Path, request: Request) -> Path:
    """Folder of the feed that the address names; only names of folders that exist are ever joined to a path."""
    names = request.path_params["source"], request.path_params["dataset"]
    feeds = {(path.parent.name, path.name): path for path in root.glob("*/*") if path.is_dir()}
    if names not in feeds:
        raise HTTPException(404, "no such feed")
    return feeds[names]


def _page(request: Request, items: list[Any], size: int) -> tuple[int, int, list[Any]]:
    number = _number(request, "page", 1)
    pages = max(1, -(-len(items) // size))
    if number > pages:
        raise HTTPException(404, "no such page")
    return number, pages, items[(number - 1) * size : number * size]


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, str(usual))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise HTTPException(400, f"{name}: expected a number from 1 to {LARGEST_PAGE}")
    return int(text)


def _read(path: Path) -> dict[str, Any]:
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _parsed(path: Path, changed: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="JSON API of the simulated sources (synthetic data)")
    parser.add_argument(
        "--folder", type=Path, required=True, help="sandbox folder, as `odcm sandbox make` wrote it"
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default=os.environ.get("ODCM_API_TOKEN") or DEFAULT_TOKEN)
    given = parser.parse_args()
    serve_api(given.folder, given.port, given.token)


if __name__ == "__main__":
    main()
