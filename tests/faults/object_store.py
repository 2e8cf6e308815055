"""A real S3-compatible object store on this machine: OpenStack Swift with its S3 interface, from its package.

All four of its servers run in one process of their own, which this module starts when it is run: `python -m
tests.faults.object_store FOLDER` prints the port of the S3 interface. What it is asked stands in FOLDER/asked, a line
for each request. Listings come in pages of three, so that the pages are followed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
KEY, SECRET = "synthetic:reader", "synthetic-secret-1177"
REGION = "us-east-1"
SERVERS = ("account", "container", "object", "proxy")
RING_CONF = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
[app:main]
use = egg:swift#{name}
"""
PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:9
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
allow_multipart_uploads = false
max_bucket_listing = 3
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_{user} = {secret} .admin
"""


@dataclass(frozen=True)
class ObjectStore:
    """The running store."""

    port: int
    folder: Path

    def client(self) -> Any:
        """A client of its owner."""
        from botocore.config import Config
        from botocore.session import get_session

        return get_session().create_client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.port}", region_name=REGION, aws_access_key_id=KEY,
            aws_secret_access_key=SECRET, config=Config(s3={"addressing_style": "path"}, proxies={}),
        )  # fmt: skip

    def connection(self, port: int | None = None, **changes: Any) -> dict[str, Any]:
        """What reaches it, as Airflow has it."""
        extra = {"endpoint_url": f"http://127.0.0.1:{port or self.port}", "region_name": REGION}
        return {"conn_type": "aws", "login": KEY, "password": SECRET, "extra": extra} | changes

    def asked(self) -> list[str]:
        """What it was asked since the last time, a method and a path each."""
        book = self.folder / "asked"
        lines = book.read_text().splitlines() if book.exists() else []
        book.write_text("")
        return lines


@contextlib.contextmanager
def running(folder: Path) -> Iterator[ObjectStore]:
    """The store, started."""
    command = [sys.executable, "-W", "ignore", "-m", __spec__.name, str(folder)]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=said, text=True)
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port, (folder / "said").read_text()
        yield ObjectStore(int(port), folder)
    finally:
        process.terminate()
        process.wait(10)


def serve(folder: Path) -> None:
    """Run the store for ever."""
    import eventlet

    eventlet.monkey_patch()
    from eventlet import wsgi
    from swift.common import utils
    from swift.common.http_protocol import SwiftHttpProtocol
    from swift.common.ring import RingBuilder
    from swift.common.wsgi import loadapp

    (folder / "disks" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = synthetic\n")
    utils.set_swift_dir(str(folder))
    doors = {name: eventlet.listen(("127.0.0.1", 0)) for name in SERVERS}
    for name in SERVERS[:3]:
        port = doors[name].getsockname()[1]
        device = {
            "id": 0,
            "region": 1,
            "zone": 1,
            "weight": 1.0,
            "device": "d1",
            "ip": "127.0.0.1",
            "port": port,
        }
        builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
        builder.add_dev(device | {"replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{name}.ring.gz"))
        (folder / f"{name}.conf").write_text(RING_CONF.format(folder=folder, name=name))
    user = KEY.replace(":", "_")
    (folder / "proxy.conf").write_text(
        PROXY_CONF.format(folder=folder, region=REGION, user=user, secret=SECRET)
    )
    threads = []
    for name, door in doors.items():
        app = loadapp(str(folder / f"{name}.conf"), global_conf={})
        if name == "proxy":
            app = _booked(app, folder / "asked")
        threads.append(
            eventlet.spawn(wsgi.server, door, app, log_output=False, protocol=SwiftHttpProtocol, debug=False)
        )
    print(doors["proxy"].getsockname()[1], flush=True)
    threads[-1].wait()


def _booked(app: Any, book: Path) -> Any:
    """The same, with a line in the book for each request."""

    def booked(environment: dict[str, Any], start: Any) -> Any:
        with book.open("a") as file:
            file.write(f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']}\n")
        return app(environment, start)

    return booked


if __name__ == "__main__":
    serve(Path(sys.argv[1]).resolve())
