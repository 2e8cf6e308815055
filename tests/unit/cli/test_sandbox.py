"""The sandbox's servers from the command line."""

import json
import shlex
import signal
import smtplib
import urllib.request


def test_serving_prints_what_to_export_serves_it_and_ends_when_told(country, process):
    delivery = {
        "id": "2025-03_20250405",
        "period": "2025-03",
        "delivered_at": "2025-04-05T04:00:00Z",
        "items": [],
    }
    feed = country.root / "sandbox" / "api" / "KZ-43" / "laboratory"
    feed.mkdir(parents=True)
    (feed / "2025-03_20250405.json").write_text(json.dumps(delivery))
    folder = ("--folder", str(country.root / "sandbox"))
    running = process("sandbox", "serve", *folder, "--port", "0", "--smtp-port", "0")
    try:
        exports = dict(
            running.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(5)
        )
        request = urllib.request.Request(f"{exports['ODCM_API']}/KZ-43/laboratory/deliveries")
        (connection,) = shlex.split(exports["AIRFLOW_CONN_SANDBOX_API"])
        request.add_header("Authorization", f"Bearer {json.loads(connection)['password']}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["deliveries"][0]["id"] == "2025-03_20250405"
        with smtplib.SMTP("127.0.0.1", int(exports["ODCM_SMTP"].rpartition(":")[2]), timeout=30) as post:
            assert post.noop()[0] == 250
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0
    finally:
        running.kill()


def test_serving_without_a_sandbox_says_how_to_make_one(country):
    done = country.odcm("sandbox", "serve")
    assert (done.exit_code, "odcm sandbox make" in done.stderr) == (2, True)
