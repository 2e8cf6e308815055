"""What a deployment allows: nothing but what it names, however a path, an address or a variable is written."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sources import Deployment, DeploymentError, Limits, load_deployment
from include.sources.deployment import AllowedHost, NotAllowed
from tests.faults.names import Names, made_up_names

NAME = "api.example"


@pytest.fixture
def names() -> Iterator[Names]:
    with made_up_names() as found:
        yield found


def deployed(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, **variables: str) -> Deployment:
    path = folder / "deployment.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("ODCM_DEPLOYMENT", str(path))
    return load_deployment(variables)


# The file -----------------------------------------------------------------------------------------------------


def test_a_deployment_allows_nothing_that_it_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("", "limits: {rows: 5}"):
        found = deployed(tmp_path, monkeypatch, text)
        with pytest.raises(NotAllowed):
            found.folder(tmp_path)
        with pytest.raises(NotAllowed):
            found.bucket("s3://bucket/in")
        with pytest.raises(NotAllowed):
            found.address("127.0.0.1", 80)
    assert found.limits == Limits(rows=5)


@pytest.mark.parametrize("root", ['""', '"  "', '"${EMPTY}"', "s3://", "file://"])
def test_an_empty_root_is_a_fault_and_not_the_folder_that_the_program_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeploymentError, match="deployment.yaml: roots: .*found an empty one"):
        deployed(tmp_path, monkeypatch, f"roots: [{root}]", EMPTY="")


def test_a_root_whose_variable_is_not_set_allows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = deployed(tmp_path, monkeypatch, f"roots: ['${{NONE}}', '{tmp_path}/${{IN}}']", IN="in")
    assert found.roots == [f"{tmp_path}/in"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("root: [/in]", "root: Extra inputs are not permitted"),
        ("hosts: [{host: a, prot: 80}]", "hosts.0.prot: Extra"),
        ("hosts: [{host: a, port: 0}]", "hosts.0.port: "),
        ("limits: {rows: 0}", "limits.rows: "),
        ("limits: {memory_mb: 10}", "limits.memory_mb: "),
        ("limits: {row: 5}", "limits.row: Extra"),
        ("- a list", "expected YAML with roots, hosts and limits"),
        ("roots: [", "expected YAML with roots, hosts and limits"),
    ],
)
def test_a_fault_of_the_file_is_named_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    with pytest.raises(DeploymentError) as raised:
        deployed(tmp_path, monkeypatch, text)
    assert said in str(raised.value) and "deployment.yaml: " in str(raised.value)


def test_a_file_that_is_not_there_is_not_taken_for_the_sandboxs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODCM_DEPLOYMENT", str(tmp_path / "none.yaml"))
    with pytest.raises(DeploymentError, match="No such file"):
        load_deployment({})


# Folders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["in", "in/a", "in/../in/a", "link_in/a", "in/./a"])
def test_a_path_under_a_root_is_allowed_with_every_link_followed(tmp_path: Path, where: str) -> None:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "link_in").symlink_to("in")
    for root in ("in", "link_in"):
        found = Deployment(roots=[str(tmp_path / root)]).folder(tmp_path / where)
        assert found.is_relative_to(tmp_path / "in") and not found.is_symlink()


@pytest.mark.parametrize(
    "where", ["inbox", "", "in/..", "in/out", "in/out/deeper", "in/../inbox", "/", "/etc"]
)
def test_a_path_elsewhere_is_not_whatever_it_begins_with_or_leads_through(tmp_path: Path, where: str) -> None:
    for name in ("in", "inbox"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path / "inbox")
    with pytest.raises(NotAllowed):
        Deployment(roots=[str(tmp_path / "in")]).folder(tmp_path / where)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("s3://bucket/in", True),
        ("s3://bucket/in/a", True),
        ("s3://bucket/inner", False),
        ("s3://bucket", False),
        ("s3://bucket/in/../out", False),
        ("s3://bucket2/in", False),
        ("gs://bucket/in", False),
        ("file://bucket/in", False),
        ("bucket/in", False),
    ],
)
def test_a_prefix_of_a_store_is_allowed_by_whole_names(url: str, is_allowed: bool) -> None:
    deployment = Deployment(roots=["s3://bucket/in", "/bucket/in"])
    if is_allowed:
        assert f"s3://{deployment.bucket(url)}" == url
    else:
        with pytest.raises(NotAllowed):
            deployment.bucket(url)


# Hosts --------------------------------------------------------------------------------------------------------

INNER = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "2002:a00:1::1",
    "64:ff9b::a00:1",
)  # fmt: skip
OUTER = ("93.184.215.14", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1")


@pytest.mark.parametrize("address", INNER)
def test_an_address_that_is_not_public_is_refused_unless_its_host_may_have_one(
    names: Names, address: str
) -> None:
    names.addresses[NAME] = [[OUTER[0], address]]  # one of several is enough
    with pytest.raises(NotAllowed, match="a host with an address that is not public"):
        Deployment(hosts=[AllowedHost(host=NAME)]).address(NAME, 443)
    allowed = Deployment(hosts=[AllowedHost(host=NAME, private=True)])
    assert allowed.address(NAME, 443).ip == OUTER[0]


@pytest.mark.parametrize("address", OUTER)
def test_a_public_address_is_taken(names: Names, address: str) -> None:
    names.addresses[NAME] = [[address]]
    found = Deployment(hosts=[AllowedHost(host=NAME)]).address("API.example".lower(), 443)
    assert (found.host, found.port, found.ip) == (NAME, 443, address)


@pytest.mark.parametrize(
    ("host", "port"),
    [("api.example.evil", 443), ("evil-api.example", 443), ("sub.api.example", 443), (NAME, 8443), ("", 443)],
)
def test_only_the_very_host_and_port_are_allowed_and_no_other_is_looked_up(
    names: Names, host: str, port: int
) -> None:
    names.addresses[host] = [[OUTER[0]]]
    with pytest.raises(NotAllowed, match="a host that is not allowed"):
        Deployment(hosts=[AllowedHost(host=NAME, port=443)]).address(host, port)
    assert names.asked == []


def test_a_host_without_a_port_may_be_reached_at_every_one_and_case_does_not_count(names: Names) -> None:
    names.addresses[NAME.upper()] = [[OUTER[0]]]
    deployment = Deployment(hosts=[AllowedHost(host=NAME)])
    assert {deployment.address(NAME.upper(), port).ip for port in (80, 8443)} == {OUTER[0]}


def test_an_address_written_as_a_number_is_not_the_host_that_it_means() -> None:
    deployment = Deployment(hosts=[AllowedHost(host="127.0.0.1", private=True)])
    assert deployment.address("127.0.0.1", 80).ip == "127.0.0.1"
    for trick in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1."):
        with pytest.raises(NotAllowed):
            deployment.address(trick, 80)


def test_a_name_that_cannot_be_looked_up_is_an_error_of_the_system(names: Names) -> None:
    def none(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "synthetic")

    names.real = none  # type: ignore[assignment]
    with pytest.raises(OSError):
        Deployment(hosts=[AllowedHost(host=NAME)]).address(NAME, 443)
