"""What waits is sealed: with a key from a file, bound to its delivery, opened by nobody else."""
from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from adapter.delivery.store.errors import Broken, KeyMissing, StoreError
from adapter.delivery.store.seal import Keyring, key_of

KEY = base64.b64encode(b"1" * 32).decode()
SECRET = b"Sentinel Zzyzx " * 100


def test_what_is_sealed_is_opened_and_is_smaller_and_not_in_the_clear() -> None:
    ring = Keyring({"k1": b"1" * 32})
    sealed = ring.seal(SECRET, b"delivery")
    assert ring.open(sealed, b"delivery") == SECRET
    assert len(sealed) < len(SECRET) / 4
    assert b"Zzyzx" not in sealed
    assert sealed != ring.seal(SECRET, b"delivery")
    assert key_of(sealed) == "k1"


@pytest.mark.parametrize(("changed", "about", "error"), [
    (lambda sealed: sealed, b"another", Broken),
    (lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), b"delivery", Broken),
    (lambda sealed: sealed[:-1], b"delivery", Broken),
    (lambda sealed: sealed[:5], b"delivery", Broken),
    (lambda sealed: b"", b"delivery", Broken),
    (lambda sealed: b"\x02" + sealed[1:], b"delivery", Broken),
    (lambda sealed: sealed.replace(b"k1", b"k3", 1), b"delivery", KeyMissing),
])
def test_what_was_changed_is_not_opened(changed: object, about: bytes, error: type[StoreError]) -> None:
    ring = Keyring({"k1": b"1" * 32, "k2": b"2" * 32})
    with pytest.raises(error):
        ring.open(changed(ring.seal(SECRET, b"delivery")), about)  # type: ignore[operator]


def test_another_key_under_the_same_name_says_so() -> None:
    with pytest.raises(Broken, match="another one under the same name"):
        Keyring({"k1": b"2" * 32}).open(Keyring({"k1": b"1" * 32}).seal(SECRET, b""), b"")


def test_a_file_of_keys_is_made_once_for_its_owner_and_gets_new_keys_in_front(tmp_path: Path) -> None:
    file = tmp_path / "redbag.keys"
    first = Keyring.new(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="already there"):
        Keyring.new(file)
    second = Keyring.rotate(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert second.names[1:] == first.names
    assert second.open(first.seal(SECRET, b""), b"") == SECRET


def test_a_key_that_is_not_known_is_looked_for_in_the_file_once_more(tmp_path: Path) -> None:
    file = tmp_path / "redbag.keys"
    working = Keyring.new(file)
    newer = Keyring.rotate(file)
    assert working.open(newer.seal(SECRET, b""), b"") == SECRET
    assert (working.current, working.names) == (newer.current, newer.names)
    line, rest = file.read_text().split("\n", 1)
    missing = Keyring.rotate(file).seal(SECRET, b"")
    put_back = file.read_text()
    for text in (f"{line}\n{rest}", "half a line", "", None):
        file.unlink() if text is None else file.write_text(text)
        with pytest.raises(KeyMissing, match=f"the key {key_of(missing)} .* is not in {file}"):
            working.open(missing, b"")
        assert working.open(newer.seal(SECRET, b""), b"") == SECRET
    file.write_text(put_back)
    assert working.open(missing, b"") == SECRET


def test_a_file_that_was_replaced_takes_away_no_key_that_was_read_before(tmp_path: Path) -> None:
    file = tmp_path / "redbag.keys"
    working = Keyring.new(file)
    waits = working.seal(SECRET, b"")
    file.unlink()
    another = Keyring.new(file)
    assert working.open(another.seal(SECRET, b""), b"") == SECRET
    assert working.open(waits, b"") == SECRET
    assert (working.current, key_of(working.seal(SECRET, b""))) == (another.current, another.current)


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    assert Keyring.load(tmp_path / "none", {"REDBAG_KEYS": f"k9 {KEY}\nk8 {KEY}"}).names == ("k9", "k8")
    working = Keyring.load(tmp_path / "none", {"REDBAG_KEYS": f"k9 {KEY}"})
    with pytest.raises(KeyMissing, match="not in REDBAG_KEYS: put its line back there, start the worker anew, and it is sent"):
        working.open(Keyring({"k8": b"1" * 32}).seal(SECRET, b""), b"")


@pytest.mark.parametrize(("text", "says"), [
    ("", "holds no key"),
    ("\n\n", "holds no key"),
    (f"k1 {KEY}\nk1 {KEY}", "line 2: a key of this name stands above"),
    ("k1", "line 1: expected a name, a space, and the 32 bytes"),
    ("k1 c2hvcnQ=", "line 1: expected"),
    (f"k1 {KEY}\nk2 {KEY}A", "line 2: expected"),
    (f"k/1 {KEY}", "line 1: expected"),
    ("k1 \u00fc", "not plain text"),
])
def test_what_is_no_file_of_keys_is_told_by_line_and_without_the_key(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "redbag.keys"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=says) as refused:
        Keyring.load(file, {})
    assert str(file) in str(refused.value)
    assert KEY not in str(refused.value)


def test_a_file_of_keys_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no such file of keys; make one with `redbag keys new`"):
        Keyring.load(tmp_path / "none", {})
