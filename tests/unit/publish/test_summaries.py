"""Each recipient gets the letter once; one who cannot be reached does not keep it from the others."""

import email
import email.policy
import smtplib
import socket

import pytest
from aiosmtpd.controller import Controller

from include.ledger import Ledger
from include.publish import RecipientsError
from include.publish.smtp import MailSetupError, Server
from include.steps import release, summaries
from include.steps.summaries import SummariesError

ID = "2025.1-provisional"


class Mailbox:
    """A mail server in this process that keeps what it gets and refuses the addresses it is told to."""

    def __init__(self):
        self.letters, self.refused, self.dropped = [], set(), set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0] in self.dropped:
            session.peer = None
            server.transport.abort()
        self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def recipients(self):
        return sorted(letter["To"].addresses[0].addr_spec for letter in self.letters)


@pytest.fixture
def mailbox(monkeypatch):
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("ODCM_SMTP", f"smtp://127.0.0.1:{port}")
    yield box
    controller.stop()


@pytest.fixture
def published(home):
    release.draft(release.freeze(2025)["release_id"])
    release.approve(ID, "A. Person")
    release.publish(ID)
    return home


def test_everyone_gets_one_letter_and_a_second_run_sends_none(published, mailbox):
    assert summaries.send(ID) == {"release_id": ID, "sent": 21, "already": 0}
    assert len(set(mailbox.recipients())) == len(mailbox.letters) == 21
    assert summaries.send(ID) == {"release_id": ID, "sent": 0, "already": 21}
    assert len(mailbox.letters) == 21


def test_the_letter_that_arrives_is_the_one_that_was_made(published, mailbox):
    summaries.send(ID)
    made = {letter.address: letter for letter in summaries.preview(ID)}
    for mail in mailbox.letters:
        letter = made[mail["To"].addresses[0].addr_spec]
        text, html = mail.iter_parts()
        assert text.get_content().splitlines() == letter.text.splitlines()
        assert html.get_content().splitlines() == letter.html.splitlines()
        assert mail["Message-ID"] == letter.message_id and "SYNTHETIC DATA" in mail["Subject"]


def test_one_refused_recipient_does_not_keep_the_letter_from_the_others(published, mailbox):
    mailbox.refused = {"astana@headquarters.example"}
    with pytest.raises(SummariesError, match=r"20 letter\(s\) sent, 1 not \(astana@.*550 no such mailbox"):
        summaries.send(ID)
    assert len(mailbox.letters) == 20
    mailbox.refused = set()
    assert summaries.send(ID)["sent"] == 1
    assert mailbox.recipients().count("astana@headquarters.example") == 1


def test_a_connection_lost_at_one_letter_is_opened_again_for_the_next(published, mailbox):
    mailbox.dropped = {"abai@headquarters.example"}
    with pytest.raises(SummariesError, match=r"20 letter\(s\) sent, 1 not"):
        summaries.send(ID)
    assert "shymkent@headquarters.example" in mailbox.recipients()


def test_a_crash_between_send_and_mark_sends_again_with_the_same_message_id(published, mailbox, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(Ledger, "mark_sent", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            summaries.send(ID)
    assert len(mailbox.letters) == 1
    assert summaries.send(ID) == {"release_id": ID, "sent": 21, "already": 0}
    ids = [letter["Message-ID"] for letter in mailbox.letters]
    assert len(ids) == 22 and len(set(ids)) == 21


def test_nothing_is_sent_of_a_release_that_is_not_published(home, mailbox):
    release.draft(release.freeze(2025)["release_id"])
    with pytest.raises(SummariesError, match="is drafted: publish it before telling anyone"):
        summaries.send(ID)
    assert mailbox.letters == []


def test_recipients_come_from_the_file_that_is_named(published, mailbox, tmp_path, monkeypatch):
    monkeypatch.setenv("ODCM_RECIPIENTS", str(tmp_path / "none.yaml"))
    with pytest.raises(RecipientsError, match="none.yaml: there is no such file"):
        summaries.send(ID)
    assert mailbox.letters == []


def test_no_mail_server_leaves_every_letter_for_the_next_run(published):
    with pytest.raises(SummariesError, match=r"0 letter\(s\) sent, 21 not .*no mail server could be reached"):
        summaries.send(ID, smtp={"host": "127.0.0.1", "port": 1})
    with Ledger(published.ledger_url) as ledger:
        assert len(ledger.pending(ID)) == 21


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "host is missing"),
        ({"host": "mail", "port": "many"}, "port: expected a number from 1 to 65535, found 'many'"),
        ({"host": "mail", "tls": "maybe"}, "tls: expected none, starttls or tls, found 'maybe'"),
        (
            {"host": "mail", "user": "u", "password": "secret"},
            "unencrypted connection would show the password",
        ),
        ({"hots": "mail"}, "unknown hots"),
    ],
)
def test_a_mail_server_that_is_not_described_well_is_refused(given, message):
    with pytest.raises(MailSetupError, match=message) as refused:
        Server.from_mapping(given)
    assert "secret" not in str(refused.value)


def test_a_mail_server_as_an_address(monkeypatch):
    server = Server.from_url("smtp://us%40er:p%2Fw@mail.example?tls=starttls")
    assert (server.host, server.port, server.tls, server.user, server.password) == (
        "mail.example", 587, "starttls", "us@er", "p/w",
    )  # fmt: skip
    assert Server.from_url("smtps://mail.example").port == 465
    assert "p/w" not in repr(server)
    for wrong in ("http://mail", "smtp://", "smtp://mail:port"):
        with pytest.raises(MailSetupError):
            Server.from_url(wrong)
    monkeypatch.delenv("ODCM_SMTP", raising=False)
    with pytest.raises(MailSetupError, match="set ODCM_SMTP"):
        Server.from_environment()


def test_tls_and_login_come_before_the_letter(monkeypatch):
    done = []

    class Recorder(smtplib.SMTP):
        def __init__(self, *args, **kwargs):
            done.append(("connect", args[:2]))

        def starttls(self, **kwargs):
            done.append(("starttls", kwargs["context"].check_hostname))

        def login(self, user, password):
            done.append(("login", user))

        def send_message(self, mail):
            done.append(("send", mail["Subject"]))

        def quit(self):
            done.append(("quit", None))

    monkeypatch.setattr(smtplib, "SMTP", Recorder)
    from email.message import EmailMessage

    from include.publish.smtp import Postman

    mail = EmailMessage()
    mail["Subject"] = "x"
    with Postman(Server("mail.example", 587, "starttls", "u", "p")) as postman:
        postman.send(mail)
        postman.send(mail)
    assert [what for what, _ in done] == ["connect", "starttls", "login", "send", "send", "quit"]
    assert done[1] == ("starttls", True)
