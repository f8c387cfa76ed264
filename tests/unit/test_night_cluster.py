"""The hall's key, and which addresses may be used with and without it."""

from __future__ import annotations

import argparse
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from deskguard.errors import DeskguardError
from deskguard.night.cluster_command import _bytes, resources_in
from deskguard.night.cluster_key import checked_address, find_key, make_key

WITHOUT_DASK = """
import sys
sys.modules["distributed"] = None
from deskguard.cli import main
sys.exit(main(["cluster", "scheduler", "--port", "0"]))
"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "hall.pem"
    make_key(path)
    return path


def test_a_key_is_private_and_proves_itself(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    assert find_key(key) == key
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(key))
    context.load_cert_chain(key)
    (told,) = context.get_ca_certs()
    begins, ends = (ssl.cert_time_to_seconds(str(told[name])) for name in ("notBefore", "notAfter"))
    assert (ends - begins) / 86_400 > 3650


def test_a_key_that_is_there_is_never_written_over(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(DeskguardError, match="exists already"):
        make_key(key)
    assert key.read_bytes() == before


def test_a_key_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeskguardError, match="cannot be written"):
        make_key(tmp_path / "file" / "hall.pem")


def test_a_key_that_others_can_read_is_refused(key: Path) -> None:
    key.chmod(0o640)
    with pytest.raises(DeskguardError, match="mode 640, should be 600") as caught:
        find_key(key)
    assert caught.value.code == "cluster-key-open"


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(DeskguardError) as caught:
        find_key(path)
    assert caught.value.code == "bad-cluster-key"


def test_a_key_that_is_missing_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DeskguardError, match="deskguard cluster key FILE"):
        find_key(tmp_path / "none.pem")


KEY = Path("hall.pem")


@pytest.mark.parametrize(
    ("address", "key", "expected"),
    [
        ("hall-1", KEY, "tls://hall-1:8786"),
        ("hall-1:9000", KEY, "tls://hall-1:9000"),
        ("tls://10.0.0.5:9000", KEY, "tls://10.0.0.5:9000"),
        ("tcp://127.0.0.1:9000", None, "tcp://127.0.0.1:9000"),
        ("tcp://127.0.0.1:9000", KEY, "tcp://127.0.0.1:9000"),
        ("localhost:9000", None, "tcp://localhost:9000"),
        ("[::1]:9000", None, "tcp://[::1]:9000"),
        ("[::1]", None, "tcp://[::1]:8786"),
    ],
)
def test_addresses_are_completed(address: str, key: Path | None, expected: str) -> None:
    assert checked_address(address, key) == expected


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "hall-1", "0.0.0.0:8786", "[2001:db8::1]:1"])
def test_another_computer_without_a_key_is_refused_unless_it_is_meant(address: str) -> None:
    with pytest.raises(DeskguardError, match="--insecure") as caught:
        checked_address(address, None)
    assert caught.value.code == "cluster-insecure"
    assert checked_address(address, None, insecure=True).startswith("tcp://")


def test_tcp_to_another_computer_is_refused_with_a_key_as_well() -> None:
    with pytest.raises(DeskguardError, match="use tls://hall-1:8786"):
        checked_address("tcp://hall-1:8786", KEY)


@pytest.mark.parametrize("address", ["", ":8786", "http://a:1", "a:b", "a:0", "a:65536", "tls://"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(DeskguardError) as caught:
        checked_address(address, KEY)
    assert caught.value.code == "bad-cluster-address"


def test_tls_wants_a_key() -> None:
    with pytest.raises(DeskguardError, match="--key FILE"):
        checked_address("tls://hall-1:8786", None)


def test_sizes_and_resources_are_read() -> None:
    assert (_bytes("2G"), _bytes("1.5 gb"), _bytes("500M")) == (2 * 10**9, 1_500_000_000, 500 * 10**6)
    assert resources_in("GPU=1,disk=0.5") == {"GPU": 1.0, "disk": 0.5}
    for read, text in ((_bytes, "x"), (_bytes, "100M"), (resources_in, "GPU"), (resources_in, "GPU=x")):
        with pytest.raises(argparse.ArgumentTypeError, match="such as"):
            read(text)


def test_without_the_packages_of_a_cluster_it_is_said_which_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DASK], capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 2
    assert "not installed: distributed" in done.stderr
    assert 'pip install "deskguard[cluster]"' in done.stderr
