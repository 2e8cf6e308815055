"""A real SMTP server on localhost that keeps every mail as a file: the mailbox of the demo.

Run: python -m include.sandbox.smtp --mailbox data/mailbox --port 8025
"""

from __future__ import annotations

import argparse
import email
import re
import signal
import threading
from email.message import Message
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Writes each mail as one .eml file: number, recipient."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one mail as received; the file appears under its name when it is whole."""
        content = envelope.original_content or b""
        receivers = "".join(f"X-Rcpt-To: {address}\r\n" for address in envelope.rcpt_tos).encode()
        number = len(list(self.folder.glob("*.eml"))) + 1
        name = re.sub(r"[^a-zA-Z0-9@._-]+", "_", envelope.rcpt_tos[0])
        part = self.folder / f".{number:04d}.part"
        part.write_bytes(receivers + content)
        part.rename(self.folder / f"{number:04d}_{name}.eml")
        return "250 Message accepted"


def server(mailbox: Path, port: int) -> Controller:
    """The server, not yet started; `.start()` and `.stop()`."""
    return Controller(Mailbox(mailbox), hostname="127.0.0.1", port=port, decode_data=False)


def serve_smtp(mailbox: Path, port: int) -> None:
    """Take mail on localhost until the process is told to stop."""
    controller = server(mailbox, port)
    controller.start()
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    done.wait()
    controller.stop()


def mails(mailbox: Path) -> list[Message]:
    """The mails of a mailbox in the order in which they came."""
    return [email.message_from_bytes(path.read_bytes()) for path in sorted(mailbox.glob("*.eml"))]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="SMTP server that writes every mail into a folder")
    parser.add_argument("--mailbox", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    serve_smtp(given.mailbox, given.port)


if __name__ == "__main__":
    main()
