"""Payloads at rest: compressed, then encrypted with a key that does not lie in the database.

    keys file, 0600     k1f0c2ab3 BASE64OF32BYTES      the first line is the current key: what is sealed from now on is sealed with it
                        k90d1e442 BASE64OF32BYTES      earlier ones only open
    sealed              version, length of the key's id, its id, nonce (12), ciphertext and tag (AES-256-GCM; NIST SP 800-38D)

A key that is lost takes with it what was sealed with it: those deliveries can be listed and sent anew by the sender, never opened.
"""
from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapter.delivery.store.errors import Broken, KeyMissing, StoreError

VERSION = b"\x01"
NONCE = 12  # bytes; random: 2**32 payloads a key before two could meet (SP 800-38D, 8.3)
LINE = re.compile(r"([A-Za-z0-9._-]{1,32})\s+([A-Za-z0-9+/=]+)")
LARGEST = 256 * 1024 * 1024  # bytes a payload may have when it is opened again


class Keyring:
    """`keys`: id -> 32 bytes, the current one first. `file`: where they were read, and are read again when one is asked for that is not
    among them: others may have put it there. What was read once still opens: what it sealed may be waiting, whatever the file says now."""

    def __init__(self, keys: Mapping[str, bytes], place: str = "the keyring", file: Path | None = None) -> None:
        self.place, self._file, self._ciphers = place, file, dict[str, AESGCM]()
        self._take(keys)

    def _take(self, keys: Mapping[str, bytes]) -> None:
        """Other threads seal and open meanwhile: the current one is put in place as a pair, when it opens already."""
        read = {name: AESGCM(key) for name, key in keys.items()}
        self._ciphers = read | self._ciphers | read  # in the order of the file; and of one name what stands there now
        self._current = next(iter(read.items()))

    @classmethod
    def load(cls, path: Path | str, environ: Mapping[str, str] = os.environ) -> Keyring:
        """From REDBAG_KEYS if that is set, else from the file. Raises StoreError, which names the line and never shows a key."""
        if text := environ.get("REDBAG_KEYS"):
            return cls(_keys(text, "REDBAG_KEYS"), "REDBAG_KEYS")
        return cls(_read(path), str(path), Path(path))

    @classmethod
    def new(cls, path: Path | str) -> Keyring:
        """A file with one new key, for its owner only. Raises StoreError where the file is already there: it may hold the only key."""
        try:
            _write(Path(path), _line())
        except FileExistsError:
            raise StoreError(f"{path} is already there and is not written over: what was sealed with its keys could never be opened "
                             "again") from None
        except OSError as error:
            raise StoreError(f"{path}: the file of keys could not be made: {error.strerror}") from None
        return cls.load(path, {})

    @classmethod
    def rotate(cls, path: Path | str) -> Keyring:
        """A new key in front of the others: it seals from now on, they still open. The file is replaced as a whole. Raises StoreError."""
        cls.load(path, {})
        beside = Path(f"{path}.new")
        try:
            _write(beside, _line() + Path(path).read_text(encoding="ascii"))
            beside.replace(path)
        except OSError as error:
            raise StoreError(f"{beside}: the new file of keys could not be put in place: {error.strerror}") from None
        return cls.load(path, {})

    @property
    def current(self) -> str:
        return self._current[0]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._ciphers)

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """`about` is bound to it: the payload of one delivery cannot be opened as that of another."""
        return self.encrypt(squeeze(plain), about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Raises KeyMissing and Broken."""
        return unsqueeze(self.decrypt(sealed, about))

    def encrypt(self, squeezed: bytes, about: bytes) -> bytes:
        nonce, (current, cipher) = os.urandom(NONCE), self._current
        name = current.encode()
        return b"".join((VERSION, bytes([len(name)]), name, nonce, cipher.encrypt(nonce, squeezed, about)))

    def decrypt(self, sealed: bytes, about: bytes) -> bytes:
        """Raises KeyMissing and Broken."""
        name = key_of(sealed)
        cipher, start = self._cipher(name), 2 + len(name)
        try:
            return cipher.decrypt(sealed[start:start + NONCE], sealed[start + NONCE:], about)
        except InvalidTag:
            raise Broken(f"a payload cannot be opened: it is damaged, or the key {name} in {self.place} is another one under the same "
                         "name") from None

    def _cipher(self, name: str) -> AESGCM:
        """Raises KeyMissing."""
        if name not in self._ciphers and self._file is not None:
            with suppress(StoreError):  # a file that cannot be used just now takes away nothing
                self._take(_read(self._file))
        if name not in self._ciphers:
            anew = "" if self._file else ", start the worker anew"  # what the environment held is not read again
            raise KeyMissing(f"the key {name} that this payload was sealed with is not in {self.place}: put its line back there{anew}, and "
                             "it is sent; without it the payload cannot be opened, and the sender has to send it anew")
        return self._ciphers[name]


def key_of(sealed: bytes) -> str:
    """The id of the key it was sealed with. Raises Broken."""
    if sealed[:1] != VERSION or len(sealed) < 2 + sealed[1] + NONCE:
        raise Broken("a payload is not in the form that this release seals in: it is damaged, or of a newer release")
    return sealed[2:2 + sealed[1]].decode("ascii", "replace")


def squeeze(plain: bytes) -> bytes:
    """Level 1: half the time of the usual level for a tenth more bytes."""
    return zlib.compress(plain, 1)


def unsqueeze(squeezed: bytes) -> bytes:
    """Raises Broken where it is not whole."""
    opener = zlib.decompressobj()
    try:
        plain = opener.decompress(squeezed, LARGEST)
    except zlib.error:
        plain = b""
    if not opener.eof:
        raise Broken("a payload was opened but is not whole")
    return plain


def _read(path: Path | str) -> dict[str, bytes]:
    """Raises StoreError."""
    try:
        return _keys(Path(path).read_text(encoding="ascii"), str(path))
    except FileNotFoundError:
        raise StoreError(f"{path}: there is no such file of keys; make one with `redbag keys new`, or put its lines into "
                         "REDBAG_KEYS") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise StoreError(f"{path}: the keys could not be read: {why}") from None


def _keys(text: str, place: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, key = _key(line.strip(), f"{place}, line {number}")
        if name in keys:
            raise StoreError(f"{place}, line {number}: a key of this name stands above already; every key has a name of its own")
        keys[name] = key
    if not keys:
        raise StoreError(f"{place} holds no key; make one with `redbag keys new`")
    return keys


def _key(line: str, place: str) -> tuple[str, bytes]:
    parted = LINE.fullmatch(line)
    try:
        key = base64.b64decode(parted[2], validate=True) if parted else b""
    except binascii.Error:
        key = b""
    if not parted or len(key) != 32:
        raise StoreError(f"{place}: expected a name, a space, and the 32 bytes of a key as base64")
    return parted[1], key


def _line() -> str:
    return f"k{secrets.token_hex(4)} {base64.b64encode(secrets.token_bytes(32)).decode()}\n"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
